import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Distribution, Package } from '../ecosystem.ts'
import { formatPurl } from '../purl.ts'
import { lookupRpm } from './lookup.ts'

function system(id: string, versionId?: string, prettyName?: string): Distribution {
  return {
    id,
    idLike: ['rhel', 'fedora'],
    ...(versionId !== undefined && { versionId }),
    ...(prettyName !== undefined && { prettyName }),
  }
}

const modSsl: Package = {
  type: 'rpm',
  name: 'mod_ssl',
  version: '1:2.4.57-5.el9',
  source: { name: 'httpd', version: '2.4.57-5.el9' },
}

function keysOf(found: Package, distribution: Distribution | undefined): readonly string[] {
  const lookup = lookupRpm(found, distribution)
  return lookup.kind === 'unknown'
    ? [`unknown: ${lookup.reason}`]
    : lookup.keys.map(({ ecosystem, name, version }) => `${ecosystem} ${name} ${version}`)
}

test('nobody speaks of packages of another builder, of an unnamed stream or of an unknown distribution', () => {
  const alma = system('almalinux', '9.4')
  const cases: readonly (readonly [Package, Distribution | undefined, string])[] = [
    [modSsl, undefined, 'the image does not say which distribution it is'],
    [
      modSsl,
      system('centos', '9'),
      'CentOS publishes no advisories, and those of Red Hat are for other builds',
    ],
    [modSsl, system('bottlerocket', '1.20'), 'no advisories are known for bottlerocket 1.20'],
    [modSsl, system('almalinux'), 'no advisories are known for almalinux'],
    [modSsl, system('rhel', 'nine'), 'no advisories are known for rhel nine'],
    [modSsl, system('openeuler', '22.03'), 'no advisories are known for openeuler 22.03'],
    [
      { ...modSsl, vendor: 'Fedora Project' },
      alma,
      'no advisories are known for packages of Fedora Project',
    ],
    [
      { ...modSsl, vendor: 'Remi Collet' },
      alma,
      'no advisories are known for packages of Remi Collet',
    ],
    [
      { ...modSsl, vendor: 'Fedora Copr - group @copr' },
      system('fedora', '43'),
      'no advisories are known for packages of Fedora Copr - group @copr',
    ],
    [
      { ...modSsl, vendor: 'obs://build.opensuse.org/home:someone' },
      system('opensuse-leap', '15.6'),
      'no advisories are known for packages of obs://build.opensuse.org/home:someone',
    ],
    [
      { ...modSsl, vendor: 'Oracle and/or its affiliates' },
      system('ol', '9.4'),
      'no advisories are known for packages of Oracle and/or its affiliates',
    ],
    [
      { type: 'rpm', name: 'nodejs', version: '1:18.20.4-1.module_el9.4.0+100+abc' },
      alma,
      'nobody tells of which module stream nodejs is',
    ],
  ]
  for (const [found, distribution, reason] of cases)
    assert.deepEqual(keysOf(found, distribution), [`unknown: ${reason}`])
})

test('each distribution is looked up where its publisher writes, by the names that it uses', () => {
  const binary = 'mod_ssl 1:2.4.57-5.el9'
  const source = 'httpd *:2.4.57-5.el9'
  const cases: readonly (readonly [Distribution, readonly string[]])[] = [
    [system('almalinux', '9.4'), [`AlmaLinux:9 ${binary}`]],
    [system('ol', '8.9'), [`Oracle Linux:8 ${binary}`]],
    [system('amzn', '2023'), [`Amazon Linux:2023 ${binary}`]],
    [system('amzn', '2'), [`Amazon Linux:2 ${binary}`]],
    [system('amzn', '2018.03'), [`Amazon Linux:1 ${binary}`]],
    [system('fedora', '43'), [`Fedora:43 ${binary}`]],
    [system('rocky', '9.3'), [`Rocky Linux:9 ${binary}`, `Rocky Linux:9 ${source}`]],
    [system('photon', '5.0'), [`Photon OS:5.0 ${binary}`, `Photon OS:5.0 ${source}`]],
    [system('azurelinux', '3.0'), [`Azure Linux:3 ${source}`]],
    [system('mariner', '2.0'), [`Azure Linux:2 ${source}`]],
    [system('mageia', '9'), [`Mageia:9 ${source}`]],
    [system('opensuse-leap', '15.6'), [`openSUSE:Leap 15.6 ${source}`]],
    [system('opensuse-leap-micro', '5.5'), [`openSUSE:Leap Micro 5.5 ${source}`]],
    [system('opensuse-tumbleweed', '20250101'), [`openSUSE:Tumbleweed ${source}`]],
    [system('sle-micro', '5.5'), [`SUSE:Linux Enterprise Micro 5.5 ${source}`]],
    [system('sl-micro', '6.0'), [`SUSE:Linux Micro 6.0 ${source}`]],
    [system('sles', '16.0'), [`SUSE:Linux Enterprise Server 16.0 ${source}`]],
    [
      system('sles', '12.5'),
      [
        `SUSE:Linux Enterprise Server 12 SP5 ${source}`,
        `SUSE:Linux Enterprise Server 12 SP5-LTSS ${source}`,
      ],
    ],
    [
      system('openeuler', '22.03', 'openEuler 22.03 (LTS-SP3)'),
      [`openEuler:22.03-LTS-SP3 ${binary}`, `openEuler:22.03-LTS-SP3 ${source}`],
    ],
    [
      system('rhel', '7.9'),
      ['7', '7::server'].flatMap((name) =>
        [binary, source].map((key) => `Red Hat:enterprise_linux:${name} ${key}`),
      ),
    ],
    [
      system('rhel', '9.4'),
      ['9', '9::baseos', '9::appstream', '9::crb'].flatMap((name) =>
        [binary, source].map((key) => `Red Hat:enterprise_linux:${name} ${key}`),
      ),
    ],
  ]
  for (const [distribution, keys] of cases) assert.deepEqual(keysOf(modSsl, distribution), keys)
  const enterprise = keysOf(modSsl, system('sles', '15.5'))
  for (const name of ['Module for Basesystem 15 SP5', 'Server 15 SP5', 'Server 15 SP5-LTSS'])
    assert.ok(enterprise.includes(`SUSE:Linux Enterprise ${name} ${source}`), name)
  assert.ok(
    keysOf(modSsl, system('rhel', '10.0')).includes(`Red Hat:enterprise_linux:10.1 ${binary}`),
  )
})

test('a package whose source has its name is compared with its epoch, and only where epochs are written', () => {
  const bind: Package = {
    type: 'rpm',
    name: 'bind',
    version: '32:9.16.23-1',
    source: { name: 'bind', version: '32:9.16.23-1' },
    vendor: 'SUSE LLC <https://www.suse.com/>',
  }
  assert.deepEqual(keysOf(bind, system('opensuse-leap', '15.6')), [
    'openSUSE:Leap 15.6 bind 32:9.16.23-1',
  ])
  const azure = { ...bind, vendor: 'Microsoft Corporation' }
  assert.deepEqual(keysOf(azure, system('azurelinux', '3.0')), ['Azure Linux:3 bind *:9.16.23-1'])
  const { source: _, ...unsourced } = azure
  assert.deepEqual(keysOf(unsourced, system('azurelinux', '3.0')), [
    'Azure Linux:3 bind *:9.16.23-1',
  ])
  const rocky = { ...bind, vendor: 'Rocky Enterprise Software Foundation' }
  assert.deepEqual(keysOf(rocky, system('rocky', '9.3')), ['Rocky Linux:9 bind 32:9.16.23-1'])
})

test('streams and flavours are looked up under their own names', () => {
  const node: Package = {
    type: 'rpm',
    name: 'nodejs-docs',
    version: '1:18.20.4-1.module_el8.10.0+3845+abc',
    module: 'nodejs:18',
    vendor: 'AlmaLinux',
  }
  assert.deepEqual(keysOf(node, system('almalinux', '8.10')), [
    `AlmaLinux:8 nodejs:18::nodejs-docs ${node.version}`,
    `AlmaLinux:8 *::nodejs-docs ${node.version}`,
  ])
  const glibc = { type: 'rpm', name: 'glibc', version: '2:2.28-236.0.1.ksplice1.el8_9.12' }
  assert.deepEqual(keysOf(glibc, system('ol', '8.9')), [
    `Oracle Linux:8 ksplice::glibc ${glibc.version}`,
  ])
  const gnutls = { type: 'rpm', name: 'gnutls', version: '10:3.6.16-8.el8_8.3_fips' }
  assert.deepEqual(keysOf(gnutls, system('ol', '8.9')), [
    `Oracle Linux:8 fips::gnutls ${gnutls.version}`,
  ])
})

test('a purl has the epoch as its qualifier', () => {
  assert.equal(
    formatPurl({ ...modSsl, architecture: 'x86_64' }, system('rhel', '9.4')),
    'pkg:rpm/rhel/mod_ssl@2.4.57-5.el9?arch=x86_64&distro=rhel-9.4&epoch=1&upstream=httpd',
  )
  assert.equal(
    formatPurl({ type: 'rpm', name: 'bash', version: '5.1.8-6.el9' }, undefined),
    'pkg:rpm/bash@5.1.8-6.el9',
  )
})

test('a distribution’s own packages are its own, whatever exactly it calls itself', () => {
  const vendors: readonly (readonly [string, string, string])[] = [
    ['almalinux', '9.4', 'AlmaLinux'],
    ['rocky', '9.3', 'Rocky Enterprise Software Foundation'],
    ['rhel', '9.4', 'Red Hat, Inc.'],
    ['ol', '9.4', 'Oracle America'],
    ['amzn', '2023', 'Amazon Linux'],
    ['amzn', '2018.03', 'Amazon.com'],
    ['fedora', '43', 'Fedora Project'],
    ['mariner', '2.0', 'Microsoft Corporation'],
    ['photon', '5.0', 'VMware, Inc.'],
    ['sles', '15.5', 'SUSE LLC <https://www.suse.com/>'],
    ['opensuse-leap', '15.6', 'openSUSE'],
    ['mageia', '9', 'Mageia.Org'],
  ]
  for (const [id, versionId, vendor] of vendors)
    assert.equal(lookupRpm({ ...modSsl, vendor }, system(id, versionId)).kind, 'keys', vendor)
})
