// images.json: which reference each image has in this platform's cluster. missing-images.json: why others have none.

import { writeFileAtomically } from '../host/files.ts';
import type { PlatformPaths } from '../platform-paths.ts';

export async function writeImagesFile(paths: PlatformPaths, images: Record<string, string>): Promise<void> {
  await writeFileAtomically(paths.images, `${JSON.stringify(images, null, 2)}\n`);
}

export async function writeMissingImagesFile(paths: PlatformPaths, missing: Record<string, string>): Promise<void> {
  await writeFileAtomically(paths.missingImages, `${JSON.stringify(missing, null, 2)}\n`);
}
