import { checkedFetch } from './checked-fetch.ts';
import type { Mail } from './mail.ts';
import { Transcript, type TranscriptLine } from './transcript.ts';
import { summaryOf } from './transcript-text.ts';

/** Of this run of the tests; who wants one, begins its scenes. */
export const transcript = new Transcript();

/** `checkedFetch` for one person, whose requests and answers are noted down. */
export function transcribedFetch(email: string): typeof fetch {
  return async (input, init = {}) => {
    const response = await checkedFetch(input, init);
    if (response.status === 503) return response; // whoever is told to come again does, and that is told
    const { pathname, search } = new URL(input instanceof Request ? input.url : input);
    const method = init.method ?? 'GET';
    const path = pathname.replace('/api/v1', '');
    const type = response.headers.get('content-type') ?? '';
    const body: unknown = type.includes('json') ? await response.clone().json() : undefined;
    const { id, items = [] } = (body ?? {}) as { id?: string; items?: { id?: string }[] };
    const isStream = type.startsWith('text/event-stream');
    const line: TranscriptLine = {
      email,
      kind: `${method} ${path.replaceAll(/[0-9a-f-]{36}/g, '…')}`,
      said: [`${method} ${path}${search}`, ...(typeof init.body === 'string' ? [init.body] : [])].join(' '),
      outcome: isStream ? '200, as it happens' : summaryOf(response.status, body),
      brought: {
        ids: [id, ...items.map((item) => item.id)].filter((each) => each !== undefined),
        collection: path.split('/').findLast((part) => /^[a-z]+$/.test(part)) ?? '',
      },
      isRead: method === 'GET',
    };
    transcript.note(line);
    return isStream ? withEvents(response, line) : response;
  };
}

/** The same stream; what comes in it is told with the line. */
function withEvents(response: Response, line: TranscriptLine): Response {
  const decoder = new TextDecoder();
  const listening = new TransformStream<Uint8Array, Uint8Array>({
    transform: (chunk, controller) => {
      for (const [, type] of decoder.decode(chunk, { stream: true }).matchAll(/^event: (.+)$/gm))
        line.outcome += ` · ${type}`;
      controller.enqueue(chunk);
    },
  });
  return new Response(response.body?.pipeThrough(listening) ?? null, response);
}

/** What the shopkeeper types, and the first line that comes back. */
export function noteCommand(command: string, text: string): void {
  const [outcome = ''] = text.split('\n');
  const brought = { ids: [], collection: '' };
  transcript.note({ email: 'admin@souk.example', kind: 'command', said: command, outcome, brought, isRead: true });
}

export function noteMail(email: string, { template, subject }: Mail): void {
  const brought = { ids: [], collection: '' };
  transcript.note({ email, kind: 'mail', said: `gets the mail ${template}`, outcome: subject, brought, isRead: true });
}
