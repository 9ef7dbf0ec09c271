import { type Html, html } from './html.ts';

/** A mail as every template makes it. */
export interface Mail {
  subject: string;
  text: string;
  html: string;
}

export interface MailParts {
  subject: string;
  /** The line that mail programs show beside the subject. */
  preheader: string;
  heading: string;
  /** The parts of the body in both forms, in order. */
  body: readonly MailBlock[];
  publicUrl: string;
}

export interface MailBlock {
  text: string;
  html: Html;
}

export function paragraph(text: string): MailBlock {
  return { text, html: html`<p style="margin:0 0 16px">${text}</p>` };
}

/** A button, in plain text its address. */
export function button(label: string, url: string): MailBlock {
  return {
    text: `${label}:\n${url}`,
    html: html`<p style="margin:24px 0">
<a href="${url}" style="background:#b4532a;color:#ffffff;padding:12px 20px;border-radius:6px;text-decoration:none;font-weight:600">
${label}</a></p>
<p style="margin:0 0 16px;color:#6b5d52;font-size:13px">Or open this address:<br>
${url}</p>`,
  };
}

/** Lines that belong together, such as an address. */
export function lines(heading: string, content: readonly string[]): MailBlock {
  return {
    text: [`${heading}:`, ...content.map((line) => `  ${line}`)].join('\n'),
    html: html`<p style="margin:0 0 16px"><strong>${heading}</strong><br>
${content.map((line) => html`${line}<br>`)}</p>`,
  };
}

/** Names and values in two columns. */
export function facts(rows: readonly (readonly [string, string])[]): MailBlock {
  const width = Math.max(...rows.map(([name]) => name.length));
  return {
    text: rows.map(([name, value]) => `  ${`${name}:`.padEnd(width + 2)}${value}`).join('\n'),
    html: html`<table role="presentation" cellpadding="0" cellspacing="0" style="width:100%;margin:0 0 16px;border-collapse:collapse">
${rows.map(
  ([name, value]) => html`<tr>
<td style="padding:6px 0;color:#6b5d52">${name}</td>
<td style="padding:6px 0;text-align:right">${value}</td>
</tr>`,
)}
</table>`,
  };
}

// Mail programs know little CSS: inline styles, tables, system fonts, nothing fetched.
export function renderMail({ subject, preheader, heading, body, publicUrl }: MailParts): Mail {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${subject}</title>
</head>
<body style="margin:0;padding:0;background:#f6f1ea">
<div style="display:none;max-height:0;overflow:hidden;opacity:0">${preheader}</div>
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="background:#f6f1ea">
<tr><td align="center" style="padding:24px 12px">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0"
 style="max-width:560px;background:#ffffff;border-radius:10px;font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;font-size:15px;line-height:1.5;color:#2b211b">
<tr><td style="padding:20px 28px;border-bottom:1px solid #eadfd2;font-weight:700;letter-spacing:0.5px;color:#b4532a">Souk</td></tr>
<tr><td style="padding:28px">
<h1 style="margin:0 0 16px;font-size:22px;line-height:1.3">${heading}</h1>
${body.map((block) => block.html)}
</td></tr>
<tr><td style="padding:16px 28px;border-top:1px solid #eadfd2;color:#6b5d52;font-size:13px">
Souk · <a href="${publicUrl}" style="color:#6b5d52">${publicUrl}</a></td></tr>
</table>
</td></tr>
</table>
</body>
</html>
`;
  const text = [heading, ...body.map((block) => block.text), `--\nSouk · ${publicUrl}\n`].join('\n\n');
  return { subject, text, html: page.text };
}
