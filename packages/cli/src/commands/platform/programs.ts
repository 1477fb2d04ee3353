// `souk kubectl …` and `souk helm …`: the platform's own programs against its cluster. All words after the first are theirs.
import type { Command } from '../../command.ts';

const describe = (name: 'kubectl' | 'helm', example: string): Command => ({
  words: [name],
  summary: `run ${name} against the platform's cluster`,
  arguments: [{ name: '…', isRequired: false, help: `whatever ${name} takes` }],
  options: {},
  examples: [example],
  run: async (args, { env }) => {
    const local = await import('@souk/local');
    return await local.runProgram(name, args, local.platformPaths(env));
  },
});

export const kubectl = describe('kubectl', 'souk kubectl get pods --all-namespaces');
export const helm = describe('helm', 'souk helm list --all-namespaces');
