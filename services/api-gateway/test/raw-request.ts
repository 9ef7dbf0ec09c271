import { connect } from 'node:net';

export interface RawAnswer {
  status: number;
  headers: Record<string, string>;
  body: string;
  text: string;
}

/** Whether an answer is whole: its head, and as much body as it promises. */
function isWhole(text: string): boolean {
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? Number.NaN);
  return rest.length > 0 && rest.join('\r\n\r\n').length >= length;
}

/**
 * Sends bytes as they are, which no HTTP client would, and reads until there is a whole answer, the server closes or is
 * silent for `silenceMs`: long enough for a loaded machine, shorter where silence is what is expected.
 */
export async function rawRequest(url: string, bytes: string | Buffer, silenceMs = 15_000): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  const text = await new Promise<string>((resolve, reject) => {
    let received = '';
    const socket = connect({ host: hostname, port: Number(port) }, () => socket.write(bytes));
    socket.setTimeout(silenceMs, () => socket.destroy());
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      if (isWhole(received)) socket.destroy();
    });
    socket.on('error', (error) => (received === '' ? reject(error) : undefined));
    socket.on('close', () => resolve(received));
  });
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const [statusLine = '', ...lines] = head.split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );
  return { status: Number(statusLine.split(' ')[1] ?? 0), headers, body: rest.join('\r\n\r\n'), text };
}

/** A request with exactly these lines, for a server that closes afterwards. */
export function rawGet(target: string, headerLines: readonly string[] = ['Host: gateway']): string {
  return [`GET ${target} HTTP/1.1`, ...headerLines, 'Connection: close', '', ''].join('\r\n');
}
