import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { cycloneDxJudge } from '../../test/kit/cyclonedx-schema.ts'
import { temporaryDirectory } from '../../test/kit/database.ts'
import { anyInventory } from '../../test/kit/inventories.ts'
import { hasSpdxTools, judgeSpdx } from '../../test/kit/spdx-tools.ts'
import { writeCycloneDx } from './write-cyclonedx.ts'
import { writeSpdx } from './write-spdx.ts'

const tool = { name: 'pratique', version: '1.2.3' }
const faultsOf = cycloneDxJudge('1.6')

test('whatever an image holds, its CycloneDX document is valid by the official schema', () => {
  fc.assert(
    fc.property(anyInventory, (inventory) => {
      const text = writeCycloneDx(inventory, tool)
      assert.deepEqual(faultsOf(JSON.parse(text)), [])
    }),
  )
})

test('every reference of a CycloneDX document names one thing of it', () => {
  fc.assert(
    fc.property(anyInventory, (inventory) => {
      const { named, used } = referencesOf(JSON.parse(writeCycloneDx(inventory, tool)))
      assert.equal(new Set(named).size, named.length)
      assert.deepEqual(
        used.filter((ref) => !named.includes(ref)),
        [],
      )
    }),
  )
})

function referencesOf(value: unknown): {
  readonly named: readonly string[]
  readonly used: readonly string[]
} {
  const named: string[] = []
  const used: string[] = []
  const visit = (at: unknown): void => {
    if (typeof at !== 'object' || at === null) return
    for (const [key, member] of Object.entries(at)) {
      if (key === 'bom-ref') named.push(String(member))
      else if (key === 'ref') used.push(String(member))
      else if (/^(?:dependsOn|assemblies)$/.test(key)) used.push(...[member].flat().map(String))
      else visit(member)
    }
  }
  visit(value)
  return { named, used }
}

test('the same inventory in another order gives the same bytes; another image another serial number', () => {
  fc.assert(
    fc.property(anyInventory, (inventory) => {
      const distinct = new Map(inventory.packages.map((it) => [it.path + it.package.name, it]))
      const packages = [...distinct.values()]
      const turned = { ...inventory, packages: packages.toReversed() }
      for (const write of [writeCycloneDx, writeSpdx]) {
        const text = write({ ...inventory, packages }, tool)
        assert.equal(write({ ...inventory, packages }, tool), text)
        assert.equal(write(turned, tool), text)
        const other = { ...inventory, subject: { name: 'other' } }
        assert.notEqual(uuidOf(write(other, tool)), uuidOf(text))
      }
    }),
  )
})

function uuidOf(text: string): string | undefined {
  return /urn:uuid:([0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})/.exec(
    text,
  )?.[1]
}

const noTools = hasSpdxTools ? false : 'the Python package spdx-tools is not installed'

test(
  "whatever an image holds, SPDX's own tools find its document valid",
  { skip: noTools },
  async (t) => {
    const directory = await temporaryDirectory(t)
    const paths = fc.sample(anyInventory, 40).map((inventory, index) => {
      const path = join(directory, `${index}.spdx.json`)
      writeFileSync(path, writeSpdx(inventory, tool))
      return path
    })
    assert.equal(judgeSpdx(paths), '')
  },
)
