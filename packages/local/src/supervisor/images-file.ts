// images.json: which reference each image has in this platform's cluster.

import { writeFileAtomically } from '../host/files.ts';
import type { PlatformPaths } from '../platform-paths.ts';

export async function writeImagesFile(paths: PlatformPaths, images: Record<string, string>): Promise<void> {
  await writeFileAtomically(paths.images, `${JSON.stringify(images, null, 2)}\n`);
}
