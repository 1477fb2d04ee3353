import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { ERRORS, type ErrorCode, RefusedError, UnexpectedAnswerError, UnreachableError } from '@souk/contract';
import { PlatformError } from '@souk/local';
import { CommandError, EXIT, endingOf, UsageError } from './exit-code.ts';

function refusal(code: ErrorCode): RefusedError {
  const problem = { ...ERRORS[code], type: '', detail: 'No.', code, requestId: 'req_1' };
  return new RefusedError(problem, null);
}

function ofSystem(code: string): Error {
  return Object.assign(new Error(`${code}: something, write '/var/lib/souk/x'`), { code, syscall: 'write' });
}

const OF_THE_MACHINE = ['ENOSPC', 'EDQUOT', 'EACCES', 'EPERM', 'EROFS', 'EIO', 'EMFILE', 'ENOMEM', 'EADDRINUSE'];

test('whatever a command ends with, it says what to do', () => {
  const errors = [
    ...Object.keys(ERRORS).map((code) => refusal(code as ErrorCode)),
    new UnreachableError('http://localhost:1', 'refused'),
    new UnexpectedAnswerError('it answers with a page'),
    new CommandError(EXIT.failure, 'it did not work', 'try the other one'),
    new UsageError('there is no such option', 'up'),
    new PlatformError('the node did not start', {
      remedy: 'look at the log',
      logFile: '/var/lib/souk/logs/kubelet.log',
    }),
    ...OF_THE_MACHINE.map(ofSystem),
    new Error('a mistake of ours'),
    'not even an error',
    undefined,
  ];
  for (const error of errors) {
    const { exitCode, remedy } = endingOf(error);
    assert.notEqual(exitCode, EXIT.ok);
    assert.ok(remedy.length >= 'see the log'.length, `${String(error)} ends with "${remedy}"`);
  }
});

test('what the machine lacks is not called a mistake of Souk, and is told without lines of its code', () => {
  for (const code of OF_THE_MACHINE) {
    for (const error of [ofSystem(code), new Error('the log could not be written', { cause: ofSystem(code) })]) {
      const { message, remedy } = endingOf(error);
      assert.doesNotMatch(remedy, /mistake in Souk/, code);
      assert.equal(message, error.message);
    }
  }
});

test('a program that is not installed is named', async () => {
  const [error] = await once(spawn('no-such-program', ['--version']), 'error');
  assert.match(endingOf(error).remedy, /^install no-such-program,/);
});

test('a file that should be there is asked to be reported: nobody else knows why it should', async () => {
  const error = await readdir('/no/such/folder').catch((reason: unknown) => reason);
  assert.match(endingOf(error).remedy, /please report it/);
});

test('a failure of the platform names its log', () => {
  const error = new PlatformError('etcd ended', { remedy: 'look', logFile: '/var/lib/souk/logs/etcd.log' });
  assert.deepEqual(endingOf(error), {
    exitCode: EXIT.failure,
    message: 'etcd ended\nlog: /var/lib/souk/logs/etcd.log',
    remedy: 'look',
  });
});
