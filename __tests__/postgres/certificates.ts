import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

/** PEM of a certificate and of its private key. */
export interface Identity {
  readonly certificate: string
  readonly key: string
}

export interface Authority extends Identity {
  issue(host: string): Identity
}

/** A certificate authority for one test run; written here because openssl is not on every machine. */
export function certificateAuthority(): Authority {
  const pair = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const subject = name('Rollgate test CA')
  const certificate = certificateOf({
    subject,
    issuer: subject,
    publicKey: pair.publicKey,
    signer: pair.privateKey,
    extensions: [extension(BASIC_CONSTRAINTS, sequence(der(0x01, Buffer.from([0xff]))), true)]
  })
  return {
    certificate,
    key: pem(pair.privateKey),
    issue: host => {
      const own = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
      const alternative = sequence(der(0x82, Buffer.from(host)))
      const issued = certificateOf({
        subject: name(host),
        issuer: subject,
        publicKey: own.publicKey,
        signer: pair.privateKey,
        extensions: [extension(ALTERNATIVE_NAME, alternative)]
      })
      return { certificate: issued, key: pem(own.privateKey) }
    }
  }
}

const COMMON_NAME = '550403'
const BASIC_CONSTRAINTS = '551d13'
const ALTERNATIVE_NAME = '551d11'
const ECDSA_SHA256 = sequence(identifier('2a8648ce3d040302'))

interface Contents {
  readonly subject: Buffer
  readonly issuer: Buffer
  readonly publicKey: KeyObject
  readonly signer: KeyObject
  readonly extensions: readonly Buffer[]
}

/** RFC 5280, the least that Node and PostgreSQL accept. */
function certificateOf({ subject, issuer, publicKey, signer, extensions }: Contents): string {
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  const serial = createHash('sha256').update(spki).digest().subarray(0, 8)
  serial[0] = 1
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    ECDSA_SHA256,
    issuer,
    sequence(der(0x17, Buffer.from('200101000000Z')), der(0x17, Buffer.from('491231235959Z'))),
    subject,
    spki,
    der(0xa3, sequence(...extensions))
  )
  const signature = Buffer.concat([Buffer.from([0]), sign('sha256', body, signer)])
  const text = sequence(body, ECDSA_SHA256, der(0x03, signature)).toString('base64')
  const lines = text.match(/.{1,64}/gu) ?? []
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n')
}

function name(commonName: string): Buffer {
  const pair = sequence(identifier(COMMON_NAME), der(0x0c, Buffer.from(commonName)))
  return sequence(der(0x31, pair))
}

function extension(id: string, value: Buffer, critical = false): Buffer {
  const flag = critical ? [der(0x01, Buffer.from([0xff]))] : []
  return sequence(identifier(id), ...flag, der(0x04, value))
}

function identifier(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'))
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts))
}

function der(tag: number, contents: Buffer): Buffer {
  const size = contents.length
  const length = size < 128 ? [size] : size < 256 ? [0x81, size] : [0x82, size >> 8, size & 0xff]
  return Buffer.concat([Buffer.from([tag, ...length]), contents])
}

function pem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString()
}
