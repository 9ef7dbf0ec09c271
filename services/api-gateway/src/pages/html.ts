import { createHash } from 'node:crypto';
import type { Page } from './page.ts';
import { STYLE } from './style.ts';

/** Text that is HTML already. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = string | number | Html | readonly Html[] | undefined;

/** A template whose values are escaped unless they are HTML themselves. */
export function html(strings: TemplateStringsArray, ...values: readonly Part[]): Html {
  return new Html(strings.reduce((text, string, index) => text + string + render(values[index]), ''));
}

function render(part: Part): string {
  if (part === undefined) return '';
  if (part instanceof Html) return part.text;
  if (typeof part === 'string' || typeof part === 'number') return escapeHtml(String(part));
  return part.map((one) => one.text).join('');
}

/** Text in which `backticks` mark code, as descriptions have it. */
export function withCode(text: string): readonly Html[] {
  return text.split('`').map((part, index) => (index % 2 === 0 ? html`${part}` : html`<code>${part}</code>`));
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ESCAPES[character] ?? character);
}

export interface HtmlPageOptions {
  title: string;
  body: Html;
  /** Runs in the page; allowed by its hash. */
  script?: string;
}

/** A whole document that needs nothing from anywhere: its style and its script are inside, and nothing else is allowed. */
export function htmlPage({ title, body, script }: HtmlPageOptions): Page {
  const scriptSource = script === undefined ? "'none'" : `'sha256-${sha256(script)}'`;
  const document = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${new Html(STYLE)}</style>
</head>
<body>
${body}
${script === undefined ? undefined : new Html(`<script>${script}</script>`)}
</body>
</html>
`;
  const policy = [
    "default-src 'none'",
    `style-src 'sha256-${sha256(STYLE)}'`,
    `script-src ${scriptSource}`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  return {
    contentType: 'text/html; charset=utf-8',
    body: document.text,
    headers: {
      'cache-control': 'public, max-age=300',
      'content-security-policy': policy.join('; '),
      'referrer-policy': 'no-referrer',
    },
  };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}
