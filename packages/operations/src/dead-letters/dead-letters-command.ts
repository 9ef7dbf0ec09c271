import { parseArgs } from 'node:util';
import { ClientError, createClient, type DeadLetter, isProblem, type SoukClient } from '@souk/client';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';
import {
  CONSUMING_SERVICES,
  type ConsumingService,
  createDeadLetterService,
  isConsumingService,
} from './dead-letter-service.ts';
import { toMessageText, toTable } from './dead-letter-text.ts';

const USAGE = `Usage: npm run dead-letters -- <command> [options]
  list [service]            what waits, newest first; of all services when none is named
  show <service> <id>       one dead letter with its whole message
  redrive <service> <id>    to the queue of the service again; or --all
  drop <service> <id>       for good; or --all
Services: ${CONSUMING_SERVICES.join(', ')}
  --url <base>              the gateway (SOUK_URL, else http://localhost:3000)
  --token <access token>    of an administrator (SOUK_TOKEN); else SOUK_ADMIN_EMAIL and SOUK_ADMIN_PASSWORD log in
  --json                    JSON instead of a table
Exit code: 0 done, 1 refused or not found, 2 not understood.`;

type Command = 'list' | 'show' | 'redrive' | 'drop';
const COMMANDS: readonly Command[] = ['list', 'show', 'redrive', 'drop'];

interface Instruction {
  command: Command;
  /** All of them, for a list. */
  services: ConsumingService[];
  id: string | undefined;
  all: boolean;
  json: boolean;
  url: string;
  token: string | undefined;
}

/** Lists, shows, redrives and drops dead letters of a running platform. Answers the exit code. */
export async function runDeadLetters(args: string[], terminal: Terminal): Promise<number> {
  try {
    const instruction = parseInstruction(args, terminal);
    if (instruction === undefined) {
      terminal.out(USAGE);
      return 0;
    }
    const { client, logOut } = await enter(instruction, terminal);
    try {
      await RUN[instruction.command](client, instruction, terminal);
      return 0;
    } finally {
      await logOut();
    }
  } catch (error) {
    terminal.err(explain(error));
    return error instanceof UsageError ? 2 : 1;
  }
}

function explain(error: unknown): string {
  if (isProblem(error, 'forbidden')) return 'Refused: dead letters are for administrators';
  if (isProblem(error, 'invalid-credentials')) return 'Refused: SOUK_ADMIN_EMAIL or SOUK_ADMIN_PASSWORD is wrong';
  if (isProblem(error, 'unauthorized')) return 'Refused: the access token is not valid';
  if (isProblem(error)) return `Refused: ${error.detail} (${error.slug}, request ${error.requestId})`;
  if (error instanceof ClientError || error instanceof UsageError) return error.message;
  throw error;
}

function parseInstruction(args: string[], { env }: Terminal): Instruction | undefined {
  const { values, positionals } = parse(args);
  if (values.help === true) return undefined;
  const [word, service, id, ...rest] = positionals;
  const command = COMMANDS.find((each) => each === word);
  if (command === undefined) throw new UsageError(`Expected a command, found ${word ?? 'none'}\n${USAGE}`);
  const isWhole = command === 'list' && service === undefined;
  if (!isWhole && !isConsumingService(service)) {
    throw new UsageError(`Expected a service, found ${service ?? 'none'}; there are ${CONSUMING_SERVICES.join(', ')}`);
  }
  const all = values.all === true;
  checkTarget(command, id, all);
  if (rest.length > 0 || (command === 'list' && id !== undefined))
    throw new UsageError(`Not understood: ${rest[0] ?? id}\n${USAGE}`);
  return {
    command,
    services: isConsumingService(service) ? [service] : CONSUMING_SERVICES,
    id,
    all,
    json: values.json === true,
    url: values.url ?? env.SOUK_URL ?? 'http://localhost:3000',
    token: values.token ?? env.SOUK_TOKEN,
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        all: { type: 'boolean' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
        url: { type: 'string' },
        token: { type: 'string' },
      },
    });
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : error}\n${USAGE}`);
  }
}

/** Everything at once has to be said: an id that was forgotten must not drop all. */
function checkTarget(command: Command, id: string | undefined, all: boolean): void {
  if (command === 'list') {
    if (all) throw new UsageError('--all is for redrive and drop; list shows all');
    return;
  }
  if (all && (command === 'show' || id !== undefined))
    throw new UsageError('--all stands for an id of redrive and drop');
  if (!all && id === undefined) throw new UsageError(`${command} needs an id${command === 'show' ? '' : ', or --all'}`);
}

async function enter(
  instruction: Instruction,
  { env }: Terminal,
): Promise<{ client: SoukClient; logOut: () => Promise<void> }> {
  if (instruction.token !== undefined) {
    const tokens = { accessToken: instruction.token, expiresAt: Number.POSITIVE_INFINITY };
    return { client: createClient({ baseUrl: instruction.url, tokens }), logOut: async () => {} };
  }
  const { SOUK_ADMIN_EMAIL: email, SOUK_ADMIN_PASSWORD: password } = env;
  if (!email || !password) {
    throw new UsageError('Who asks? Set SOUK_ADMIN_EMAIL and SOUK_ADMIN_PASSWORD, or give --token');
  }
  const client = createClient({ baseUrl: instruction.url });
  await client.logIn(email, password);
  return { client, logOut: () => client.logOut().catch(() => {}) };
}

type Run = (client: SoukClient, instruction: Instruction, terminal: Terminal) => Promise<void>;

const RUN: Readonly<Record<Command, Run>> = {
  list: async (client, { json, services }, terminal) => {
    const letters: (DeadLetter & { service: ConsumingService })[] = [];
    for (const service of services) {
      for await (const letter of createDeadLetterService(client, service).list()) letters.push({ service, ...letter });
    }
    if (json) terminal.out(JSON.stringify(letters, null, 2));
    else terminal.out(letters.length === 0 ? 'No dead letters' : toTable(letters));
  },
  show: async (client, instruction, terminal) => {
    const letter = await serviceOf(client, instruction).show(idOf(instruction));
    terminal.out(instruction.json ? JSON.stringify(letter, null, 2) : toMessageText(letter));
  },
  redrive: async (client, instruction, terminal) => {
    const service = serviceOf(client, instruction);
    const redriven = instruction.all ? await service.redriveAll() : await service.redrive(idOf(instruction));
    terminal.out(instruction.json ? JSON.stringify({ redriven }) : `${redriven} redriven`);
  },
  drop: async (client, instruction, terminal) => {
    const service = serviceOf(client, instruction);
    const ids: string[] = [];
    if (instruction.all) for await (const { id } of service.list()) ids.push(id);
    else ids.push(idOf(instruction));
    let dropped = 0;
    for (const id of ids) {
      const isGone = await service.drop(id).then(
        () => true,
        (error: unknown) => {
          // Among all, one that somebody else has just redriven or dropped is no failure.
          if (instruction.all && isProblem(error, 'not-found')) return false;
          throw error;
        },
      );
      if (isGone) dropped += 1;
    }
    terminal.out(instruction.json ? JSON.stringify({ dropped }) : `${dropped} dropped`);
  },
};

function serviceOf(client: SoukClient, { services }: Instruction) {
  return createDeadLetterService(client, services[0] as ConsumingService);
}

function idOf({ id }: Instruction): string {
  return id as string;
}
