/** A pair of keys as far as its turn is concerned. */
export interface KeyTurn {
  id: string;
  signsFrom: Date;
  /** Whether this replica can read the private part; false after INTERNAL_SECRET was changed. */
  usable: boolean;
}

export interface RotationTimes {
  /** How long a key signs. */
  rotationMs: number;
  /** How long before its turn a key is published, so that every verifier knows it when the first token comes. */
  publishLeadMs: number;
  /** How long after its turn a key is published: the life of the last token that it signed, and then some. */
  verifyTailMs: number;
}

/** The times that follow from how often keys rotate and how long a token lives. */
export function rotationTimes(rotationMs: number, accessTokenTtlMs: number): RotationTimes {
  return {
    rotationMs,
    publishLeadMs: Math.min(600_000, Math.floor(rotationMs / 4)),
    verifyTailMs: accessTokenTtlMs + 60_000,
  };
}

export type RotationDecision = {
  /** Signs now: the newest usable key whose turn has come. */
  current: string | undefined;
  /** Are published, in the order of their turns. */
  published: string[];
  /** Whether a further key is due, and when its turn begins. */
  create: { signsFrom: Date } | undefined;
  /** Have been published long enough. */
  expired: string[];
};

/** What to do with the keys there are. Replicas that see the same rows at about the same time decide the same. */
export function decideRotation(keys: readonly KeyTurn[], now: Date, times: RotationTimes): RotationDecision {
  const byTurn = [...keys].sort((a, b) => a.signsFrom.getTime() - b.signsFrom.getTime() || (a.id < b.id ? -1 : 1));
  const started = byTurn.filter((key) => key.signsFrom <= now);
  const current = started.findLast((key) => key.usable);
  const expired = new Set(started.filter((key) => isExpired(key)).map((key) => key.id));
  return {
    current: current?.id,
    published: byTurn.filter((key) => !expired.has(key.id)).map((key) => key.id),
    create: nextTurn(),
    expired: [...expired],
  };

  function isExpired(key: KeyTurn): boolean {
    if (current === undefined || key.signsFrom >= current.signsFrom) return false;
    const successor = byTurn.find((other) => other.usable && other.signsFrom > key.signsFrom);
    return successor !== undefined && now.getTime() - successor.signsFrom.getTime() > times.verifyTailMs;
  }

  function nextTurn(): { signsFrom: Date } | undefined {
    // Nothing to sign with: a key is needed at once, published or not (verifiers reload on an unknown kid).
    if (current === undefined) return { signsFrom: now };
    if (byTurn.some((key) => key.usable && key.signsFrom > now)) return undefined;
    const due = current.signsFrom.getTime() + times.rotationMs;
    if (now.getTime() < due - times.publishLeadMs) return undefined;
    return { signsFrom: new Date(Math.max(due, now.getTime() + times.publishLeadMs)) };
  }
}
