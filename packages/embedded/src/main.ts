import { resolve } from 'node:path';
import { startPlatform } from './platform.ts';
import { abortableProgress, progressFor } from './progress.ts';
import { explainStart } from './start-error.ts';
import { welcome } from './welcome.ts';

const USAGE = `Usage: npm start [-- --reset]

  --reset   begins with empty data

  SOUK_DATA_DIRECTORY   where data, mails and logs are kept; default .souk
  SOUK_PORT_BASE        first of seven ports to listen on; default 3000, 3001, 8000, 3003, 3004, 3005 and 9464; 0: free ones
  SOUK_HOST             address to listen on; default 127.0.0.1
  AMQP_URL, REDIS_URL   use a real broker and a real Redis
  Every setting of the services may be given too, for example PAYMENT_PROVIDER or LOG_LEVEL.`;

// npm hands on a Ctrl-C that the terminal has delivered already.
const SAME_SIGNAL_MS = 1_000;

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

function parseArguments(args: string[]): { reset: boolean } {
  const unknown = args.find((argument) => !['--reset', '--help', '-h'].includes(argument));
  if (unknown !== undefined) fail(`Unknown argument ${unknown}\n\n${USAGE}`);
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(`${USAGE}\n`);
    process.exit(0);
  }
  return { reset: args.includes('--reset') };
}

/** Answers once with the first signal to stop; a second one, from somebody who cannot wait, ends the process at once. */
function stopSignal(): Promise<void> {
  return new Promise((settle) => {
    let firstAt: number | undefined;
    const onSignal = () => {
      if (firstAt === undefined) {
        firstAt = performance.now();
        settle();
      } else if (performance.now() - firstAt > SAME_SIGNAL_MS) {
        fail('Stopped at once.');
      }
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  });
}

async function main(): Promise<void> {
  const startedAt = performance.now();
  const { reset } = parseArguments(process.argv.slice(2));
  const folder = resolve(process.env.SOUK_DATA_DIRECTORY || '.souk');
  const stopped = new AbortController();
  const progress = abortableProgress(progressFor(process.stdout), stopped.signal);
  const stop = stopSignal().then(() => stopped.abort());
  const starting = startPlatform({ folder, env: process.env, reset, progress });
  starting.catch(() => {});
  const early = await Promise.race([stop.then(() => 'stop' as const), starting.catch((error: unknown) => ({ error }))]);
  if (early === 'stop') {
    process.stdout.write('\nStopping\n');
    await starting.then((platform) => platform.stop()).catch(() => {});
    process.exit(0);
  }
  if ('error' in early) fail(explainStart(early.error, folder));
  process.stdout.write(await welcome(early, performance.now() - startedAt));
  const failure = await Promise.race([stop, early.failed]);
  process.stdout.write('\nStopping\n');
  await early.stop();
  if (typeof failure === 'string') fail(failure);
  process.exit(0);
}

process.on('unhandledRejection', (error) => {
  process.stderr.write(`Unhandled rejection: ${error instanceof Error ? error.stack : error}\n`);
});

await main();
