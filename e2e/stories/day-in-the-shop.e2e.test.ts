import { writeFileSync } from 'node:fs';
import { type Discrepancy, openShopBroker, openShopDatabases, reconcile } from '@souk/operations';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DistributedPlatform, startPlatform } from '../src/index.ts';
import { databaseUrlsOf } from '../src/ledger.ts';
import { MODES, type Platform } from '../src/platform.ts';
import { transcript } from '../src/transcribed-fetch.ts';
import { theShopkeeper, type Visitor } from '../src/visitor.ts';
import { aForgottenPassword, leavingForGood } from './journeys/accounts.ts';
import { browsing } from './journeys/browsing.ts';
import { aDeclinedCard, buyingTheCart, payingLater } from './journeys/buying.ts';
import { aRefund, cancelling, shipping } from './journeys/changing-minds.ts';
import { theLastItem, twoTabs } from './journeys/crowds.ts';
import { aMessageGivenUp, aMessageNobodyCanRead } from './journeys/operating.ts';
import { clearingAShelf, keepingTheShop } from './journeys/shopkeeping.ts';

// One platform for all stories of a mode: starting one takes longer than most of them.
describe.each(MODES)('a day in the shop, %s', (mode) => {
  let platform: Platform;
  let shopkeeper: Visitor;
  const notes = { givenUp: [] as string[], dropped: [] as string[] };
  const stage = () => ({ platform, shopkeeper, ...notes });

  beforeAll(async () => {
    platform = await startPlatform(mode);
    shopkeeper = await theShopkeeper(platform);
  });
  afterAll(async () => {
    await platform?.stop();
    if (process.env.SOUK_TRANSCRIPT) writeFileSync(process.env.SOUK_TRANSCRIPT, toPage(transcript.toMarkdown()));
  });
  beforeEach(({ task }) => transcript.begin(task.suite?.name ?? '', task.name));
  afterEach(() => transcript.end());

  browsing(stage);
  buyingTheCart(stage);
  payingLater(stage);
  aDeclinedCard(stage);
  cancelling(stage);
  aRefund(stage);
  shipping(stage);
  aForgottenPassword(stage);
  leavingForGood(stage);
  twoTabs(stage);
  theLastItem(stage);
  keepingTheShop(stage);
  clearingAShelf(stage);
  aMessageGivenUp(stage);
  aMessageNobodyCanRead(stage);

  describe('at closing time', () => {
    it('adds up: orders, stock, money, the books of the provider, what was told, and the queues', async () => {
      const databases = openShopDatabases(databaseUrlsOf(platform));
      const broker = platform instanceof DistributedPlatform ? await openShopBroker(platform.broker) : undefined;
      try {
        const results = await reconcile({ databases, broker, patienceMs: 5_000, settleMs: 20_000 });
        const found = results.flatMap(({ name, discrepancies }) => discrepancies.map((each) => ({ name, ...each })));
        // What the shopkeeper has thrown away reached nobody, and that is all that may be missing.
        const isDropped = ({ subject }: Discrepancy) => notes.dropped.some((id) => subject.endsWith(id));
        expect(found.filter((each) => !(each.name === 'event-received' && isDropped(each)))).toEqual([]);
        expect(results.some(({ isSkipped, name }) => name === 'queue-empty' && isSkipped)).toBe(mode === 'embedded');
      } finally {
        await broker?.close();
        await databases.close();
      }
    });

    it('has met no surprise but the one that was made', () => {
      const lines = platform.logs().split('\n');
      expect(lines.some((line) => line.includes('"level":"info"'))).toBe(true);
      const made = /"message":"(Stored dead letter|Message became a dead letter)"/;
      // A neighbour that is busy for a moment is none: whoever asked tries again.
      const isBusy = (line: string) => line.includes('"status":503');
      const surprises = lines.filter(
        (line) => !isBusy(line) && /"level":"(error|fatal)"|Unhandled rejection|Uncaught exception/.test(line),
      );
      expect(surprises.filter((line) => !made.test(line))).toEqual([]);
      expect(surprises.filter((line) => line.includes('Stored dead letter'))).toHaveLength(notes.givenUp.length);
    });
  });
});

function toPage(told: string): string {
  return `# Customer journeys

Written by \`npm run journeys\` while it runs the stories of [e2e/stories/journeys](../../e2e/stories/journeys) over the platform: each request
here was sent and each answer given, and held against the [API's document](../../services/api-gateway/openapi.json). Ids, times and secrets
are told in words; of what was asked until it was so, the last answer stands here.

${told}
`;
}
