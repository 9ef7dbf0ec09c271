/** The one style of the gateway's pages. */
export const STYLE = `
:root { color-scheme: light dark; --ink: #1d2330; --soft: #5a6374; --line: #dfe3ea; --paper: #ffffff; --panel: #f6f7f9; --accent: #0b6e4f; --code: #f0f2f5 }
@media (prefers-color-scheme: dark) { :root { --ink: #e7eaf0; --soft: #a0a9ba; --line: #313949; --paper: #14181f; --panel: #1b212b; --accent: #4cc38a; --code: #222a36 } }
* { box-sizing: border-box }
body { margin: 0; font: 16px/1.55 system-ui, sans-serif; color: var(--ink); background: var(--paper) }
a { color: var(--accent) }
code, pre, kbd { font: 0.875em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace }
code { background: var(--code); border-radius: 4px; padding: 0.1em 0.35em; overflow-wrap: anywhere }
pre { background: var(--code); border-radius: 8px; padding: 0.9rem 1rem; overflow-x: auto; margin: 0.5rem 0 }
pre code { background: none; padding: 0; overflow-wrap: normal }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 0.5rem }
h2 { font-size: 1.25rem; margin: 2.5rem 0 0.75rem; padding-top: 0.5rem; border-top: 1px solid var(--line) }
h3 { font-size: 1rem; margin: 1.25rem 0 0.35rem }
table { border-collapse: collapse; width: 100%; margin: 0.5rem 0 }
td:first-child code { white-space: nowrap }
th, td { text-align: left; vertical-align: top; padding: 0.4rem 0.75rem 0.4rem 0; border-bottom: 1px solid var(--line) }
th { font-weight: 600; color: var(--soft); font-size: 0.85rem }
main { max-width: 60rem; margin: 0 auto; padding: 2.5rem 1.25rem 5rem }
.soft { color: var(--soft) }
.docs { display: grid; grid-template-columns: 17rem minmax(0, 1fr); max-width: 84rem; margin: 0 auto }
.docs nav { position: sticky; top: 0; height: 100vh; overflow-y: auto; padding: 1.5rem 1rem; border-right: 1px solid var(--line); background: var(--panel) }
.docs nav ol { list-style: none; margin: 0 0 1rem; padding: 0 }
.docs nav a { display: block; padding: 0.15rem 0; font-size: 0.85rem; text-decoration: none; color: var(--ink); overflow: hidden; text-overflow: ellipsis; white-space: nowrap }
.docs nav a:hover { color: var(--accent) }
.docs nav strong { font-size: 0.8rem; text-transform: uppercase; letter-spacing: 0.04em; color: var(--soft) }
.docs main { max-width: none; margin: 0; padding: 2rem 2rem 5rem }
input[type=search] { width: 100%; font: inherit; padding: 0.4rem 0.6rem; margin-bottom: 1rem; border: 1px solid var(--line); border-radius: 6px; background: var(--paper); color: var(--ink) }
details.operation { border: 1px solid var(--line); border-radius: 8px; margin: 0.5rem 0; background: var(--paper) }
details.operation > summary { display: flex; gap: 0.75rem; align-items: baseline; cursor: pointer; padding: 0.6rem 0.9rem; list-style: none }
details.operation > summary::-webkit-details-marker { display: none }
details.operation[open] > summary { border-bottom: 1px solid var(--line); background: var(--panel); border-radius: 8px 8px 0 0 }
details.operation > div { padding: 0.75rem 0.9rem 1rem }
summary .path { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: 0.9rem; overflow-wrap: anywhere }
summary .what { color: var(--soft); font-size: 0.9rem; margin-left: auto; text-align: right }
.method { font: 600 0.75rem/1.6 ui-monospace, monospace; min-width: 4.2rem; text-align: center; border-radius: 4px; color: #fff; background: #5a6374 }
.GET { background: #1f6feb } .POST { background: #1a7f4b } .PUT { background: #9a6700 } .PATCH { background: #8250df } .DELETE { background: #c03a2b }
.tag { font-size: 0.75rem; border: 1px solid var(--line); border-radius: 999px; padding: 0 0.5rem; color: var(--soft) }
ul.schema { list-style: none; margin: 0.25rem 0; padding-left: 1rem; border-left: 2px solid var(--line) }
ul.schema li { margin: 0.2rem 0 }
.required { color: #c03a2b; font-size: 0.75rem }
.hidden { display: none !important }
@media (max-width: 52rem) { .docs { display: block } .docs nav { position: static; height: auto; max-height: 40vh } .docs main { padding: 1.25rem } summary .what { display: none } }
`;
