import { isProblem } from './client-error.ts';
import type { Tokens } from './generated/api.ts';
import { toHttpRequest } from './http-request.ts';
import type { Transport } from './transport.ts';

/** What a login leaves behind; to be kept by whoever wants to go on later. */
export interface SessionTokens {
  accessToken: string;
  /** Without one the session ends with its access token. */
  refreshToken?: string | undefined;
  /** Milliseconds since the epoch. */
  expiresAt: number;
}

export interface SessionOptions {
  baseUrl: string;
  transport: Transport;
  tokens: SessionTokens | undefined;
  /** Called with every new pair, and with undefined when the session has ended. */
  onTokens: ((tokens: SessionTokens | undefined) => void) | undefined;
}

// A repeated refresh is answered alike for 10 s; past that it looks like theft and ends the session.
const REFRESH_TIMEOUT_MS = 8_000;
const REFRESH_AHEAD_MS = 5_000;

/** The two tokens of a login. However many calls find the access token expired, one refresh goes out. */
export class Session {
  readonly #options: SessionOptions;
  #tokens: SessionTokens | undefined;
  #refreshing: Promise<void> | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#tokens = options.tokens;
  }

  get tokens(): SessionTokens | undefined {
    return this.#tokens;
  }

  keep(tokens: Tokens | undefined): void {
    this.#tokens =
      tokens === undefined
        ? undefined
        : {
            accessToken: tokens.accessToken,
            refreshToken: tokens.refreshToken,
            expiresAt: Date.now() + tokens.expiresIn * 1_000,
          };
    this.#options.onTokens?.(this.#tokens);
  }

  /** A token that is still good for a request, undefined without a login. */
  async accessToken(): Promise<string | undefined> {
    const tokens = this.#tokens;
    if (tokens !== undefined && tokens.expiresAt - REFRESH_AHEAD_MS < Date.now())
      await this.refresh(tokens.accessToken);
    return this.#tokens?.accessToken;
  }

  /** Trades the refresh token in, unless another call has done so since `refused` was in use. */
  async refresh(refused: string): Promise<void> {
    if (this.#tokens === undefined || this.#tokens.accessToken !== refused) return;
    const { refreshToken } = this.#tokens;
    if (refreshToken === undefined) {
      this.keep(undefined);
      return;
    }
    this.#refreshing ??= this.#trade(refreshToken).finally(() => {
      this.#refreshing = undefined;
    });
    await this.#refreshing;
  }

  async #trade(refreshToken: string): Promise<void> {
    const { baseUrl, transport } = this.#options;
    const request = toHttpRequest(baseUrl, 'refreshSession', { body: { refreshToken } });
    try {
      const { body } = await transport.send<Tokens>(
        { ...request, isRepeatable: true },
        { timeoutMs: REFRESH_TIMEOUT_MS },
      );
      // Somebody may have logged in or out meanwhile.
      if (this.#tokens?.refreshToken === refreshToken) this.keep(body);
    } catch (error) {
      if (!isProblem(error, 'invalid-refresh-token')) throw error;
      if (this.#tokens?.refreshToken === refreshToken) this.keep(undefined);
    }
  }
}
