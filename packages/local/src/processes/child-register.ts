// The file that tells a later run which processes this one has started. It lies under /run, so a reboot empties it.

import { readIfPresent, writeFileAtomically } from '../host/files.ts';
import type { ProcessIdentity } from './process-identity.ts';

export type RegisteredChild = ProcessIdentity & { name: string };

export class ChildRegister {
  readonly #file: string;
  readonly #children = new Map<string, RegisteredChild>();
  #writing: Promise<void> = Promise.resolve();

  constructor(file: string) {
    this.#file = file;
  }

  async add(child: RegisteredChild): Promise<void> {
    this.#children.set(child.name, child);
    await this.#write();
  }

  async remove(name: string): Promise<void> {
    this.#children.delete(name);
    await this.#write();
  }

  // Writes follow one another, so the file never goes back to an older list.
  async #write(): Promise<void> {
    this.#writing = this.#writing.then(() =>
      writeFileAtomically(this.#file, JSON.stringify([...this.#children.values()])),
    );
    await this.#writing;
  }
}

/** What an earlier run wrote; nothing when the file is missing or was never finished. */
export async function readRegister(file: string): Promise<RegisteredChild[]> {
  const text = await readIfPresent(file);
  if (text === null) return [];
  try {
    return JSON.parse(text) as RegisteredChild[];
  } catch {
    // The file is replaced as a whole, so what can't be read was not written by us and names no child of ours.
    return [];
  }
}
