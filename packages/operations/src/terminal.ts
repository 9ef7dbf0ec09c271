/** What a command has of the world around it. */
export interface Terminal {
  env: Readonly<Record<string, string | undefined>>;
  out(text: string): void;
  err(text: string): void;
}

/** Runs a command on the real terminal; its answer becomes the exit code. */
export async function runOnTerminal(
  command: (args: string[], terminal: Terminal) => Promise<number>,
  env: Terminal['env'],
): Promise<void> {
  process.exitCode = await command(process.argv.slice(2), { env, out: console.log, err: console.error });
}
