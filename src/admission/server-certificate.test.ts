import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { testKeyring } from '../../test/kit/keyring.ts'
import { testRegistry } from '../../test/kit/registry.ts'
import { storedKey } from '../access/stored-key.ts'
import { authorityBundle, issueForServer, type CertificateDeps } from './server-certificate.ts'

const yearMs = 365 * 86_400_000

function authoritiesIn(bundle: string): readonly X509Certificate[] {
  const found = bundle.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n/g) ?? []
  return found.map((pem) => new X509Certificate(pem))
}

test('a certificate is for the names it is asked for, and its authority follows another in time', async (t) => {
  const registry = await testRegistry(t)
  const keyring = await testKeyring(registry.database)
  const deps: CertificateDeps = {
    ...registry,
    storedKey: (name) => storedKey({ ...registry, keyring }, name),
  }
  const names = ['pratique.pratique.svc', '10.0.0.7', '2001:db8::7']
  const [first] = authoritiesIn(await authorityBundle(deps))
  assert.ok(first)
  assert.ok(first.ca)
  const issue = async (): Promise<X509Certificate> =>
    new X509Certificate((await issueForServer(deps, names)).certificate)
  const leaf = await issue()
  assert.ok(leaf.verify(first.publicKey) && leaf.checkIssued(first))
  assert.equal(leaf.checkHost('pratique.pratique.svc'), 'pratique.pratique.svc')
  assert.equal(leaf.checkHost('registry.example'), undefined)
  assert.equal(leaf.checkIP('10.0.0.7'), '10.0.0.7')
  assert.equal(leaf.checkIP('2001:db8::7'), '2001:db8::7')
  assert.notEqual((await issue()).serialNumber, leaf.serialNumber)
  assert.equal(authoritiesIn(await authorityBundle(deps)).length, 1)
  // Nine years on clusters learn of the next one, and what they were given before still holds.
  registry.clock.advance(9 * yearMs)
  const both = authoritiesIn(await authorityBundle(deps))
  assert.equal(both.length, 2)
  assert.ok((await issue()).verify(first.publicKey))
  registry.clock.advance(yearMs * 0.9)
  const late = await issue()
  assert.ok(!late.verify(first.publicKey))
  assert.ok(
    both.some((authority) => late.checkIssued(authority) && late.verify(authority.publicKey)),
  )
  registry.clock.advance(yearMs)
  assert.equal(authoritiesIn(await authorityBundle(deps)).length, 1)
})
