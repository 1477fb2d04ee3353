// One error for everything that a cluster refuses or fails to do. What it means for a caller is decided here: a cluster that cannot
// be reached is never a store's fault.

export class KubeError extends Error {
  override readonly name = 'KubeError';
  /** HTTP status, or 0 when no answer came. */
  readonly status: number;
  /** Kubernetes' own reason, e.g. `Forbidden`; empty when there is none. */
  readonly reason: string;

  constructor(status: number, reason: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
    this.reason = reason;
  }

  /** The cluster is away or overloaded: worth trying again, and no verdict on what was asked. */
  get isUnreachable(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }

  /** A watch or a paged list began too long ago. */
  get isExpired(): boolean {
    return this.status === 410;
  }
}

export function isKubeError(error: unknown, status: number): error is KubeError {
  return error instanceof KubeError && error.status === status;
}

export function isClusterUnreachable(error: unknown): boolean {
  return error instanceof KubeError && error.isUnreachable;
}
