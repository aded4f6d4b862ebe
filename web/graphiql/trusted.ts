// The content security policy requires Trusted Types: only a policy may turn text into HTML or into the URL of a
// script. Monaco has its own policies. This default policy is for all other code, such as the Markdown of descriptions.

import DOMPurify from 'dompurify';

// TypeScript does not declare it yet. Older browsers lack it and do not enforce the policy.
declare global {
  interface Window {
    trustedTypes?: {
      createPolicy(name: string, rules: { createHTML(text: string): string; createScriptURL(url: string): string | null }): unknown;
    };
  }
}

const assets = new URL('assets/', document.baseURI).href;

window.trustedTypes?.createPolicy('default', {
  createHTML: (text) => DOMPurify.sanitize(text),
  // The browser rejects null and reports a violation.
  createScriptURL: (url) => (new URL(url, document.baseURI).href.startsWith(assets) ? url : null),
});
