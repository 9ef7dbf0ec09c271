/** Waits for `work`, but at most `timeoutMs`; says whether it ended in time. A failure counts as an end: these are clean-ups. */
export async function within(work: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, false);
  });
  const ended = work.then(
    () => true,
    () => true,
  );
  const inTime = await Promise.race([ended, deadline]);
  clearTimeout(timer);
  return inTime;
}
