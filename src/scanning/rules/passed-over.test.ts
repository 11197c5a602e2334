import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PackageEvidence } from '../../ecosystems/ecosystem.ts'
import { passedOver, type PassedOver } from './passed-over.ts'

interface Listed {
  readonly package: { readonly type: string; readonly name: string; readonly version: string }
  readonly path: string
  readonly evidence: PackageEvidence
}

function listed(evidence: PackageEvidence, path: string, name: string, type = 'npm'): Listed {
  return { package: { type, name, version: '1.0.0' }, path, evidence }
}

function otherVersion({ package: it, ...rest }: Listed): Listed {
  return { ...rest, package: { ...it, version: '99.0.0' } }
}

const lock = listed('declared', 'app/package-lock.json', 'promised')

const cases: readonly {
  readonly name: string
  readonly beside: readonly Listed[]
  readonly listed: Listed & { readonly isDevelopment?: boolean; readonly owner?: Listed['package'] }
  readonly expected: PassedOver | undefined
}[] = [
  {
    name: 'a promise that is left out where the other half of its file is installed as promised',
    beside: [
      listed('declared', 'app/package-lock.json', 'other'),
      listed('installed', 'app/node_modules/other/package.json', 'other'),
    ],
    listed: lock,
    expected: 'installed-instead',
  },
  {
    name: 'a promise of which another version is installed where the other half of its file is as promised',
    beside: [
      listed('declared', 'app/requirements.txt', 'Other_one', 'pypi'),
      listed(
        'installed',
        'usr/lib/python3/site-packages/a.dist-info/METADATA',
        'other-one',
        'pypi',
      ),
      otherVersion(
        listed(
          'installed',
          'usr/lib/python3/site-packages/b.dist-info/METADATA',
          'promised',
          'pypi',
        ),
      ),
    ],
    listed: listed('declared', 'app/requirements.txt', 'promised', 'pypi'),
    expected: 'installed-instead',
  },
  {
    name: 'a promise beside one installed package that its file says nothing of',
    beside: [listed('installed', 'app/node_modules/fake/package.json', 'fake')],
    listed: lock,
    expected: undefined,
  },
  {
    name: 'a promise beside one of many that are installed',
    beside: [
      ...['a', 'b', 'c'].map((name) => listed('declared', 'app/package-lock.json', name)),
      listed('installed', 'app/node_modules/a/package.json', 'a'),
    ],
    listed: lock,
    expected: undefined,
  },
  {
    name: 'a promise of which only another version is installed somewhere',
    beside: [
      otherVersion(listed('installed', 'opt/x/node_modules/promised/package.json', 'promised')),
    ],
    listed: lock,
    expected: undefined,
  },
  {
    name: 'a promise of what is installed elsewhere in the image',
    beside: [listed('installed', 'usr/lib/node_modules/promised/package.json', 'promised')],
    listed: lock,
    expected: 'installed-instead',
  },
  {
    name: 'a promise beside installed packages of another kind',
    beside: [listed('installed', 'app/x.dist-info/METADATA', 'promised', 'pypi')],
    listed: lock,
    expected: undefined,
  },
  {
    name: 'a promise of one project beside the installed packages of another',
    beside: [listed('installed', 'web/node_modules/other/package.json', 'other')],
    listed: lock,
    expected: undefined,
  },
  { name: 'a promise alone', beside: [], listed: lock, expected: undefined },
  {
    name: 'what only the build needs',
    beside: [],
    listed: { ...lock, isDevelopment: true },
    expected: 'development',
  },
  {
    name: 'what is installed, though only tests need it',
    beside: [],
    listed: {
      ...listed('installed', 'app/vendor/composer/installed.json', 'phpunit/phpunit', 'composer'),
      isDevelopment: true,
    },
    expected: undefined,
  },
  {
    name: 'a text in an executable that the system brought',
    beside: [],
    listed: {
      ...listed('recognised', 'usr/bin/node', 'node', 'generic'),
      owner: { type: 'deb', name: 'nodejs', version: '18' },
    },
    expected: 'owned',
  },
  {
    name: 'a text in an executable that nobody owns',
    beside: [],
    listed: listed('recognised', 'usr/local/bin/node', 'node', 'generic'),
    expected: undefined,
  },
  {
    name: 'an installed library that the system brought: its flaws are judged one by one',
    beside: [],
    listed: {
      ...listed('installed', 'usr/lib/python3/dist-packages/a.dist-info/METADATA', 'a', 'pypi'),
      owner: { type: 'deb', name: 'python3-a', version: '1-1' },
    },
    expected: undefined,
  },
]

for (const { name, beside, listed: instance, expected } of cases) {
  test(`${expected === undefined ? 'counts' : 'passes over'} ${name}`, () => {
    assert.equal(passedOver([...beside, instance]).at(-1), expected)
  })
}
