// Generates dashboard/api/gen: a typed text for each document of the dashboard, and the list of all documents.

import type { CodegenConfig } from '@graphql-codegen/cli';

const config: CodegenConfig = {
  schema: ['../schema.graphqls', '../graph/schema/*.graphqls'],
  documents: ['dashboard/**/*.{ts,tsx}', '!dashboard/api/gen/**'],
  ignoreNoDocuments: true,
  generates: {
    'dashboard/api/gen/': {
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: {
        documentMode: 'string',
        enumsAsTypes: true,
        useTypeImports: true,
        strictScalars: true,
        scalars: {
          DateTime: 'string',
          Int64: 'string',
          // The source text of the JSON, see api/response.ts.
          JSON: { input: 'unknown', output: 'string' },
          JSONObject: { input: 'unknown', output: 'string' },
          StorageSize: { input: 'string | number', output: 'never' },
          Duration: { input: 'string | number', output: 'never' },
        },
      },
    },
  },
};

export default config;
