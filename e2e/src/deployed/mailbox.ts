import { waitFor } from '@souk/testing';
import { expectThat } from './checklist.ts';

interface Letter {
  subject: string;
  /** Everything else of it, as the page tells it. */
  text: string;
}

const get = (url: string) => fetch(url, { signal: AbortSignal.timeout(5_000) });

async function readMailpit(pageUrl: string): Promise<Letter[] | undefined> {
  const response = await get(`${pageUrl}/api/v1/messages?limit=200`);
  if (!response.ok) return undefined;
  const { messages } = (await response.json()) as { messages: { ID: string; Subject: string }[] };
  return Promise.all(
    messages.map(async ({ ID, Subject }) => ({
      subject: Subject,
      text: await (await get(`${pageUrl}/api/v1/message/${ID}`)).text(),
    })),
  );
}

/** MailDev, which some put in Mailpit's place: the same idea with another API. */
async function readMailDev(pageUrl: string): Promise<Letter[]> {
  const response = await get(`${pageUrl}/email`);
  expectThat(response.ok, `the mail page answered ${response.status}`);
  const letters = (await response.json()) as { subject: string }[];
  return letters.map((letter) => ({ subject: letter.subject, text: JSON.stringify(letter) }));
}

/** Waits until the mail page holds a mail about this order, and answers its subject. */
export async function mailAbout(pageUrl: string, orderId: string, timeoutMs = 30_000): Promise<string> {
  const find = async () => {
    const letters = (await readMailpit(pageUrl)) ?? (await readMailDev(pageUrl));
    const letter = letters.find(({ subject, text }) => subject.includes(orderId) || text.includes(orderId));
    expectThat(letter !== undefined, `none of ${letters.length} mails names it`);
    return letter.subject;
  };
  return waitFor(find, { timeoutMs, everyMs: 500, what: `A mail about order ${orderId}` });
}
