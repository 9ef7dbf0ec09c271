import { runOnTerminal } from '../terminal.ts';
import { runDeadLetters } from './dead-letters-command.ts';

await runOnTerminal(runDeadLetters, process.env);
