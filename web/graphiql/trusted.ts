// The policy of the page asks for Trusted Types: text becomes HTML or the address of a script only by a policy in script.
// Monaco has policies of its own. What has none, such as React with the Markdown of descriptions, ends here.

import DOMPurify from 'dompurify';

// Not in the types yet, and missing in older browsers, which then ask for nothing.
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
  // Null is refused, and reported as a violation.
  createScriptURL: (url) => (new URL(url, document.baseURI).href.startsWith(assets) ? url : null),
});
