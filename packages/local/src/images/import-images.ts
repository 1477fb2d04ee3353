// Brings built images into a node's containerd. An image whose hash is there already is left alone, and each is pinned:
// no registry could give it back if the kubelet collected it as garbage.

import { run } from '../host/run.ts';
import { archiveOf } from './build-images.ts';

export type ImportImagesOptions = {
  references: readonly string[];
  cacheDir: string;
  /** The command that reaches the node's containerd, as `['…/ctr', '--address', '…/containerd.sock']`. */
  ctr: readonly string[];
  log: (line: string) => void;
};

const PIN = 'io.cri-containerd.pinned=pinned';

export async function importImages({ references, cacheDir, ctr, log }: ImportImagesOptions): Promise<void> {
  const images = [...ctr, '--namespace', 'k8s.io', 'images'];
  const present = new Set((await run([...images, 'ls', '-q'])).split('\n'));
  for (const reference of references) {
    if (present.has(reference)) continue;
    const started = Date.now();
    await run([...images, 'import', archiveOf(cacheDir, reference)]);
    await run([...images, 'label', reference, PIN]);
    log(`image ${reference}: imported in ${((Date.now() - started) / 1000).toFixed(1)} s`);
  }
}
