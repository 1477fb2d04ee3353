// Every command, in the order in which help shows them.
import type { Command } from './command.ts';
import { exportAudit } from './commands/audit/export.ts';
import { listAudit } from './commands/audit/list.ts';
import { verifyAudit } from './commands/audit/verify.ts';
import { inviteMember } from './commands/member/invite.ts';
import { listMembers } from './commands/member/list.ts';
import { removeMember } from './commands/member/remove.ts';
import { changeRole } from './commands/member/role.ts';
import { down } from './commands/platform/down.ts';
import { helm, kubectl } from './commands/platform/programs.ts';
import { status } from './commands/platform/status.ts';
import { test } from './commands/platform/test.ts';
import { login, token } from './commands/platform/token.ts';
import { up } from './commands/platform/up.ts';
import { createStore } from './commands/store/create.ts';
import { showCredentials } from './commands/store/credentials.ts';
import { deleteStore } from './commands/store/delete.ts';
import { showEvents } from './commands/store/events.ts';
import { listStores } from './commands/store/list.ts';
import { showLogs } from './commands/store/logs.ts';
import { openStore } from './commands/store/open.ts';
import { listPods } from './commands/store/pods.ts';
import { repairStore } from './commands/store/repair.ts';
import { retryStore } from './commands/store/retry.ts';
import { showStore } from './commands/store/show.ts';
import { createToken } from './commands/token/create.ts';
import { listTokens } from './commands/token/list.ts';
import { revokeToken } from './commands/token/revoke.ts';

export const COMMANDS: readonly Command[] = [
  up,
  down,
  status,
  createStore,
  listStores,
  showStore,
  deleteStore,
  retryStore,
  repairStore,
  showEvents,
  listPods,
  showLogs,
  showCredentials,
  openStore,
  login,
  // Before `token`, whose one word they begin with.
  createToken,
  listTokens,
  revokeToken,
  token,
  listMembers,
  inviteMember,
  changeRole,
  removeMember,
  listAudit,
  exportAudit,
  verifyAudit,
  kubectl,
  helm,
  test,
];
