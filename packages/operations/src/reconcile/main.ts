import { runOnTerminal } from '../terminal.ts';
import { runReconcile } from './reconcile-command.ts';

await runOnTerminal(runReconcile, process.env);
