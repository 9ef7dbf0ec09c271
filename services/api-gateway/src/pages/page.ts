/** A finished answer of the gateway's own: it is built once and sent as it is. */
export interface Page {
  contentType: string;
  body: string;
  /** The body as bytes, one buffer for all who are being answered. */
  bytes?: Buffer;
  headers?: Record<string, string>;
  /** Never limited, never logged. */
  isProbe?: boolean;
}
