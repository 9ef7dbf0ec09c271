export type Role = 'customer' | 'admin';

/** Who holds the access token of a request. */
export interface Caller {
  userId: string;
  /** The token's `sid`. */
  sessionId: string;
  roles: Role[];
  email: string;
  /** The token's `jti`. */
  tokenId: string;
  expiresAt: Date;
}

/** The service that signed the token of an internal call. */
export interface ServiceCaller {
  service: string;
}

export function isAdmin(caller: Caller): boolean {
  return caller.roles.includes('admin');
}
