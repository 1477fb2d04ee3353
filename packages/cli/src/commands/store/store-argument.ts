// The one argument that most store commands take.
import type { Argument } from '../../command.ts';

export const STORE_ARGUMENT: Argument = { name: 'store', isRequired: true, help: 'its name or its id' };
