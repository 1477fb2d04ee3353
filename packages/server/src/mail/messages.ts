// The mails that Souk sends, as text. Links lead to the platform's own pages; a secret is in none of them unless the installation has
// switched that on.
import type { Mail } from './outbox.ts';

export interface ShopLogin {
  readonly username: string;
  readonly password: string;
}

export function storeReadyMail(
  to: string,
  store: { readonly id: string; readonly name: string; readonly url: string },
  platformUrl: string,
  login: ShopLogin | null,
): Mail {
  const credentials =
    login === null
      ? 'Its administrator credentials are on the store page too.'
      : `Administrator: ${login.username}\nPassword: ${login.password}`;
  const page = `${platformUrl}/stores/${store.id}`;
  return {
    to,
    subject: `Your store ${store.name} is ready`,
    text: `${store.name} is ready at ${store.url}\n\nIts page: ${page}\n${credentials}\n`,
  };
}

export function storeFailedMail(
  to: string,
  store: { readonly id: string; readonly name: string },
  platformUrl: string,
  reason: string,
): Mail {
  return {
    to,
    subject: `Your store ${store.name} could not be made`,
    text: `${store.name} could not be made: ${reason}\n\nWhat happened, and another try: ${platformUrl}/stores/${store.id}\n`,
  };
}

export function invitationMail(to: string, invitation: { tenantName: string; role: string; url: string }): Mail {
  const { tenantName, role, url } = invitation;
  return {
    to,
    subject: `You are invited to ${tenantName}`,
    text: `You are invited to ${tenantName} as ${role}. The link works once, for seven days:\n\n${url}\n`,
  };
}

export function passwordResetMail(to: string, url: string): Mail {
  return {
    to,
    subject: 'A new password for Souk',
    text: `Somebody, hopefully you, asked for a new password. The link works once, for an hour:\n\n${url}\n\nIf it was not you, nothing needs to be done.\n`,
  };
}
