// Markdown as React elements. The lexer of marked returns tokens, and none of them becomes HTML: HTML in the text is
// shown as text, and an image is a link, because the page loads nothing from other servers.

import { lexer, type Token, type Tokens } from 'marked';
import { createElement, type ReactNode } from 'react';

import styles from './Markdown.module.css';
import { Text } from './Text';
import { linkOf } from './Uri';

/** Shows a Markdown text. It is a default export, because it is loaded when it is needed. */
export default function Markdown({ text }: { text: string }) {
  return <div className={styles.markdown}>{lexer(text).map(block)}</div>;
}

function block(token: Token, key: number): ReactNode {
  switch (token.type) {
    case 'space':
      return null;
    case 'heading':
      // The headings of a text are below those of the page.
      return createElement(`h${Math.min(token.depth + 2, 6)}`, { key }, inlines(token.tokens));
    case 'paragraph':
      return <p key={key}>{inlines(token.tokens)}</p>;
    case 'blockquote':
      return <blockquote key={key}>{(token.tokens ?? []).map(block)}</blockquote>;
    case 'code':
      return (
        <pre key={key} tabIndex={0}>
          <Text text={token.text} breaks />
        </pre>
      );
    case 'hr':
      return <hr key={key} />;
    case 'list':
      return list(token as Tokens.List, key);
    case 'table':
      return table(token as Tokens.Table, key);
    case 'text':
      return <span key={key}>{token.tokens ? inlines(token.tokens) : <Text text={token.text} breaks />}</span>;
    default:
      return <Text key={key} text={token.raw} breaks />;
  }
}

function list({ ordered, items }: Tokens.List, key: number) {
  return createElement(
    ordered ? 'ol' : 'ul',
    { key },
    items.map((item, i) => <li key={i}>{item.tokens.map(block)}</li>),
  );
}

function table({ header, rows }: Tokens.Table, key: number) {
  return (
    <table key={key}>
      <thead>
        <tr>
          {header.map((cell, i) => (
            <th key={i}>{inlines(cell.tokens)}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row, i) => (
          <tr key={i}>
            {row.map((cell, j) => (
              <td key={j}>{inlines(cell.tokens)}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const inlines = (tokens: Token[] | undefined) => (tokens ?? []).map(inline);

function inline(token: Token, key: number): ReactNode {
  switch (token.type) {
    case 'strong':
      return <strong key={key}>{inlines(token.tokens)}</strong>;
    case 'em':
      return <em key={key}>{inlines(token.tokens)}</em>;
    case 'del':
      return <del key={key}>{inlines(token.tokens)}</del>;
    case 'codespan':
      return (
        <code key={key}>
          <Text text={token.text} />
        </code>
      );
    case 'br':
      return <br key={key} />;
    case 'link':
    case 'image':
      return link(token as Tokens.Link, key);
    case 'text':
    case 'escape':
      return 'tokens' in token && token.tokens ? (
        <span key={key}>{inlines(token.tokens)}</span>
      ) : (
        <Text key={key} text={token.text} breaks />
      );
    default:
      return <Text key={key} text={token.raw} breaks />;
  }
}

/** A link whose scheme a browser may open, else its text. */
function link({ href, tokens, text }: Tokens.Link, key: number) {
  const address = linkOf(href);
  const content = tokens?.length ? inlines(tokens) : <Text text={text} />;
  if (!address) return <span key={key}>{content}</span>;
  return (
    <a key={key} href={address} target="_blank" rel="noopener noreferrer">
      {content}
    </a>
  );
}
