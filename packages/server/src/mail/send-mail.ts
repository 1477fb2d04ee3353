// The job `send-mail`: hands one mail to the SMTP server. The mail's id is its Message-ID, so that one which is sent again because the
// worker died before it could say so is recognised as the same.
import type { Db } from '../db/database.ts';
import { messageOf, TerminalError } from '../errors.ts';
import { withFailpoints } from '../failpoint.ts';
import type { JobHandler } from '../jobs/job-attempt.ts';
import { readMail, settleMail } from './outbox.ts';

export interface MailSenderOptions {
  readonly db: Db;
  readonly platformKey: Buffer;
  readonly smtpUrl: string;
  readonly from: string;
  /** Of the Message-ID. */
  readonly domain: string;
}

// With the queue's back-off: about half an hour of an SMTP server that is away.
const MOST_ATTEMPTS = 12;
const TIMEOUT_MS = 15_000;

export function createMailSender(options: MailSenderOptions): JobHandler {
  const { db, platformKey } = options;
  return async ({ job }) => {
    const mail = await readMail(db, platformKey, job.subject);
    if (mail === null) {
      return { outcome: 'completed' };
    }
    try {
      await withFailpoints('send-mail', () => deliverMail(options, job.subject, mail));
    } catch (error) {
      const code = (error as { responseCode?: number }).responseCode ?? 0;
      // 5xx: the server will say the same of this mail for ever.
      if (code >= 500 || job.attempt + 1 >= MOST_ATTEMPTS) {
        await settleMail(db, job.subject, 'failed');
        throw new TerminalError('mail_refused', `the mail could not be sent: ${messageOf(error)}`, { cause: error });
      }
      throw error;
    }
    await settleMail(db, job.subject, 'sent');
    return { outcome: 'completed' };
  };
}

async function deliverMail(options: MailSenderOptions, id: string, mail: object): Promise<void> {
  // Loaded with the first mail: most workers never send one.
  const { createTransport } = await import('nodemailer');
  const timeouts = { connectionTimeout: TIMEOUT_MS, greetingTimeout: TIMEOUT_MS, socketTimeout: TIMEOUT_MS };
  const transport = createTransport({ url: options.smtpUrl, ...timeouts });
  try {
    const messageId = `<${id}@${options.domain}>`;
    await transport.sendMail({
      ...mail,
      from: options.from,
      messageId,
      disableFileAccess: true,
      disableUrlAccess: true,
    });
  } finally {
    transport.close();
  }
}
