// The `{id}` of a path. What has not the shape of an id names nothing: it becomes the empty id, which is 404 like any other that is
// unknown, and never reaches the database, which would choke on some of it.
import { z } from 'zod';

export const idParams = z.object({
  id: z
    .string()
    .max(100)
    .transform((id) => (/^[a-z]{3}_[a-z0-9]{10}$/.test(id) ? id : '')),
});
