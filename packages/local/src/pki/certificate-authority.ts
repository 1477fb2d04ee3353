// The platform's own certificate authorities and what they sign. Keys are made here and never leave SOUK_HOME.

// @peculiar/x509 finds its parts through decorators, which need this first.
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import path from 'node:path';
import * as x509 from '@peculiar/x509';
import { readIfPresent, writeFileAtomically } from '../host/files.ts';

export type KeyPair = { certificate: string; key: string };
export type CertificateRequest = {
  commonName: string;
  /** Kubernetes reads a client's groups from here. */
  organizations?: readonly string[];
  dnsNames?: readonly string[];
  ips?: readonly string[];
};

type Authority = { certificate: x509.X509Certificate; keys: webcrypto.CryptoKeyPair; pem: KeyPair };

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 24 * 60 * 60 * 1000;
// An authority lives as long as its platform; a certificate is made anew by the first `up` in its last third.
const AUTHORITY_MS = 3650 * DAY_MS;
const CERTIFICATE_MS = 365 * DAY_MS;
const RENEW_MS = 120 * DAY_MS;

x509.cryptoProvider.set(webcrypto);

export class CertificateAuthority {
  readonly #folder: string;
  readonly #authority: Authority;

  private constructor(folder: string, authority: Authority) {
    this.#folder = folder;
    this.#authority = authority;
  }

  get certificate(): string {
    return this.#authority.pem.certificate;
  }

  get certificateFile(): string {
    return path.join(this.#folder, 'ca.crt');
  }

  /** Reads the authority in the folder, or makes it at the first call. */
  static async open(folder: string, name: string): Promise<CertificateAuthority> {
    const certificateFile = path.join(folder, 'ca.crt');
    const keyFile = path.join(folder, 'ca.key');
    const [certificate, key] = await Promise.all([readIfPresent(certificateFile), readIfPresent(keyFile)]);
    if (certificate !== null && key !== null) {
      return new CertificateAuthority(folder, await readAuthority({ certificate, key }));
    }
    const made = await makeAuthority(name);
    // The certificate is written last: a key without one counts as no authority at all and is made again.
    await writeFileAtomically(keyFile, made.pem.key, 0o600);
    await writeFileAtomically(certificateFile, made.pem.certificate);
    return new CertificateAuthority(folder, made);
  }

  /** The signed pair in `<name>.crt` and `<name>.key`; signed anew when it is missing, old, or says something else. */
  async issue(
    name: string,
    request: CertificateRequest,
  ): Promise<KeyPair & { certificateFile: string; keyFile: string }> {
    const certificateFile = path.join(this.#folder, `${name}.crt`);
    const keyFile = path.join(this.#folder, `${name}.key`);
    const [certificate, key] = await Promise.all([readIfPresent(certificateFile), readIfPresent(keyFile)]);
    if (certificate !== null && key !== null && (await this.#stillServes(certificate, request))) {
      return { certificate, key, certificateFile, keyFile };
    }
    const pair = await this.#sign(request);
    await writeFileAtomically(keyFile, pair.key, 0o600);
    await writeFileAtomically(certificateFile, pair.certificate);
    return { ...pair, certificateFile, keyFile };
  }

  async #stillServes(pem: string, request: CertificateRequest): Promise<boolean> {
    const certificate = new x509.X509Certificate(pem);
    if (certificate.notAfter.getTime() - Date.now() < RENEW_MS) return false;
    if (certificate.subject !== subjectOf(request)) return false;
    const names = certificate.getExtension(x509.SubjectAlternativeNameExtension)?.names.toJSON() ?? [];
    if (JSON.stringify(names.map(({ value }) => value)) !== JSON.stringify(namesOf(request).map(({ value }) => value)))
      return false;
    return await certificate.verify({ publicKey: this.#authority.certificate, signatureOnly: true });
  }

  async #sign(request: CertificateRequest): Promise<KeyPair> {
    const keys = await makeKeys();
    const isServer = namesOf(request).length > 0;
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: randomSerial(),
      subject: subjectOf(request),
      issuer: this.#authority.certificate.subject,
      notBefore: new Date(Date.now() - DAY_MS),
      notAfter: new Date(Date.now() + CERTIFICATE_MS),
      publicKey: keys.publicKey,
      signingKey: this.#authority.keys.privateKey,
      signingAlgorithm: ALGORITHM,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment, true),
        new x509.ExtendedKeyUsageExtension([
          x509.ExtendedKeyUsage.clientAuth,
          ...(isServer ? [x509.ExtendedKeyUsage.serverAuth] : []),
        ]),
        await x509.AuthorityKeyIdentifierExtension.create(this.#authority.keys.publicKey),
        ...(isServer ? [new x509.SubjectAlternativeNameExtension(namesOf(request))] : []),
      ],
    });
    return { certificate: `${certificate.toString('pem')}\n`, key: await exportKey(keys.privateKey) };
  }
}

/** A key pair for signing service account tokens; Kubernetes wants the two halves as files. */
export async function issueSigningKey(folder: string): Promise<{ keyFile: string; publicKeyFile: string }> {
  const keyFile = path.join(folder, 'service-accounts.key');
  const publicKeyFile = path.join(folder, 'service-accounts.pub');
  if ((await readIfPresent(keyFile)) === null || (await readIfPresent(publicKeyFile)) === null) {
    const keys = await makeKeys();
    const publicKey = await webcrypto.subtle.exportKey('spki', keys.publicKey);
    await writeFileAtomically(publicKeyFile, `${x509.PemConverter.encode(publicKey, 'PUBLIC KEY')}\n`);
    await writeFileAtomically(keyFile, await exportKey(keys.privateKey), 0o600);
  }
  return { keyFile, publicKeyFile };
}

async function makeAuthority(name: string): Promise<Authority> {
  const keys = await makeKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: randomSerial(),
    name: `CN=${name}`,
    notBefore: new Date(Date.now() - DAY_MS),
    notAfter: new Date(Date.now() + AUTHORITY_MS),
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign | x509.KeyUsageFlags.digitalSignature,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const pem = { certificate: `${certificate.toString('pem')}\n`, key: await exportKey(keys.privateKey) };
  return { certificate, keys, pem };
}

async function readAuthority(pem: KeyPair): Promise<Authority> {
  const certificate = new x509.X509Certificate(pem.certificate);
  const der = x509.PemConverter.decodeFirst(pem.key);
  const privateKey = await webcrypto.subtle.importKey('pkcs8', der, ALGORITHM, true, ['sign']);
  const publicKey = await certificate.publicKey.export(ALGORITHM, ['verify']);
  return { certificate, keys: { privateKey, publicKey } satisfies webcrypto.CryptoKeyPair, pem };
}

async function makeKeys(): Promise<webcrypto.CryptoKeyPair> {
  return await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  return `${x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')}\n`;
}

// The first bit stays clear, since a serial number is a positive integer.
function randomSerial(): string {
  const bytes = webcrypto.getRandomValues(new Uint8Array(16));
  return `01${Buffer.from(bytes).toString('hex')}`;
}

function subjectOf(request: CertificateRequest): string {
  return [...(request.organizations ?? []).map((name) => `O=${name}`), `CN=${request.commonName}`].join(', ');
}

function namesOf(request: CertificateRequest): { type: 'dns' | 'ip'; value: string }[] {
  return [
    ...(request.dnsNames ?? []).map((value) => ({ type: 'dns' as const, value })),
    ...(request.ips ?? []).map((value) => ({ type: 'ip' as const, value })),
  ];
}
