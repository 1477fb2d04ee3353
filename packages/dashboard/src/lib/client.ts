// The one way to the platform: same origin, signed in by a cookie that no script can read.
import { createClient, type SoukClient } from '@souk/contract';

export const client: SoukClient = createClient({ url: location.origin, token: null });
