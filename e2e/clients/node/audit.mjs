// The audit of GraphQL over HTTP by the people who write its specification: node audit.mjs URL. Prints a line for each
// item, and fails unless every one is kept.
import { serverAudits } from 'graphql-http';

const audits = serverAudits({ url: process.argv[2] });
let kept = 0;
for (const audit of audits) {
  const result = await audit.fn();
  if (result.status === 'ok') kept++;
  console.log(`${result.status} ${audit.id} ${audit.name}${result.reason ? `: ${result.reason}` : ''}`);
}
console.log(`${kept} of ${audits.length} audits`);
process.exitCode = kept === audits.length ? 0 : 1;
