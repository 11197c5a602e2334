import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { testRegistry, type TestRegistry } from '../../test/kit/registry.ts'
import { isScanningError } from './errors.ts'
import { putScanning } from './put-scanning.ts'
import { describeScanning, findScanning } from './resolve-scanning.ts'
import {
  findRescanDurations,
  listAccountsWithDurations,
  writeRescanDurations,
} from './scanning-settings-store.ts'
import type { RegistryDefaults, ScanningConfiguration } from './rules/scanning-rules.ts'

async function put(
  registry: TestRegistry,
  configuration: ScanningConfiguration,
  defaults: RegistryDefaults = 'secure',
): Promise<void> {
  const { account } = registry.repository
  await putScanning({ ...registry, defaults }, { account, principal: 'arn', configuration })
}

async function frequencyOf(registry: TestRegistry, defaults: RegistryDefaults): Promise<string> {
  const found = await findScanning({ reader: registry.database, defaults }, registry.repository)
  return found?.scanning.frequency ?? 'no repository'
}

test('what an account puts takes the place of the defaults, for it alone', async (t: TestContext) => {
  const registry = await testRegistry(t)
  assert.equal(await frequencyOf(registry, 'secure'), 'CONTINUOUS_SCAN')
  assert.equal(await frequencyOf(registry, 'aws'), 'SCAN_ON_PUSH')
  await put(registry, { scanType: 'ENHANCED', rules: [] })
  assert.equal(await frequencyOf(registry, 'secure'), 'MANUAL')
  const rules = [{ frequency: 'CONTINUOUS_SCAN', filters: ['team/*'] }] as const
  await put(registry, { scanType: 'ENHANCED', rules })
  assert.equal(await frequencyOf(registry, 'aws'), 'CONTINUOUS_SCAN')
  const deps = { reader: registry.database, defaults: 'aws' } as const
  const { account } = registry.repository
  assert.deepEqual(await describeScanning(deps, account), { scanType: 'ENHANCED', rules })
})

test('a configuration that cannot hold is refused, and the former one stays', async (t: TestContext) => {
  const registry = await testRegistry(t)
  const rules = [{ frequency: 'CONTINUOUS_SCAN', filters: ['*'] }] as const
  await assert.rejects(
    () => put(registry, { scanType: 'BASIC', rules }, 'aws'),
    (error) => isScanningError(error) && error.code === 'SCANNING_RULES_INVALID',
  )
  assert.equal(await frequencyOf(registry, 'aws'), 'SCAN_ON_PUSH')
})

test('durations are put whole: what is left out counts no more', async (t: TestContext) => {
  const { database, clock, repository } = await testRegistry(t)
  const { account } = repository
  const write = async (pushDays?: number, pullDays?: number): Promise<void> => {
    const durations = { pushDays, pullDays, pullMode: 'LAST_IN_USE_AT' } as const
    await database.transaction((tx) => writeRescanDurations(tx, account, durations, clock.now()))
  }
  assert.equal(await findRescanDurations(database, account), undefined)
  await write(30, 90)
  await write(14)
  assert.deepEqual(await findRescanDurations(database, account), {
    pushDays: 14,
    pullDays: undefined,
    pullMode: 'LAST_IN_USE_AT',
    putAt: clock.now(),
  })
  assert.deepEqual(await listAccountsWithDurations(database, { after: '', limit: 10 }), [account])
})
