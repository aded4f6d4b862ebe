// The content security policy requires Trusted Types: no text becomes HTML. React Aria sets an empty text in its number
// fields and in its announcer, which the default policy allows. The browser blocks every other text.

interface TrustedTypes {
  createPolicy(name: string, rules: { createHTML(text: string): string | null }): unknown;
}

// TypeScript does not declare it yet. Older browsers lack it and do not enforce the policy.
const { trustedTypes } = window as unknown as { trustedTypes?: TrustedTypes };
trustedTypes?.createPolicy('default', { createHTML: (text) => (text === '' ? text : null) });

export {};
