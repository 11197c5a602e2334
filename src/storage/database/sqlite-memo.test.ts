import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { temporaryDirectory } from '../../../test/kit/database.ts'
import { Memo } from './sqlite-memo.ts'

test('what was read is not read again, until something is committed', async (t) => {
  const file = join(await temporaryDirectory(t), 'pratique.db')
  const [connection, other] = [new DatabaseSync(file), new DatabaseSync(file)]
  t.after(() => {
    connection.close()
    other.close()
  })
  other.exec('CREATE TABLE t (n INTEGER)')
  const memo = new Memo(connection)
  let reads = 0
  const read = (...parameters: (string | number | null)[]): unknown =>
    memo.first('SELECT', parameters, () => {
      reads += 1
      return { reads }
    })
  assert.deepEqual(read('a'), { reads: 1 })
  assert.deepEqual(read('a'), { reads: 1 })
  await nextTurn()
  assert.deepEqual(read('a'), { reads: 1 })

  memo.clear()
  assert.deepEqual(read('a'), { reads: 2 })

  other.exec('INSERT INTO t VALUES (1)')
  await nextTurn()
  assert.deepEqual(read('a'), { reads: 3 })
})

test('parameters that look alike are told apart', () => {
  const memo = new Memo(new DatabaseSync(':memory:'))
  const asked = [
    ['ab', 'c'],
    ['a', 'bc'],
    ['1'],
    [1],
    [null],
    ['null'],
    [],
    ['1;'],
    ['a1:b'],
    ['a', 'b'],
  ]
  for (const [index, parameters] of asked.entries()) {
    memo.first('SELECT', parameters, () => ({ index }))
  }
  for (const [index, parameters] of asked.entries()) {
    assert.deepEqual(
      memo.first('SELECT', parameters, () => ({ index: -1 })),
      { index },
    )
  }
})

test('large rows and those asked for by bytes are read each time, and old ones are forgotten', () => {
  const memo = new Memo(new DatabaseSync(':memory:'))
  let reads = 0
  const large = (): { readonly bytes: Uint8Array } => {
    reads += 1
    return { bytes: new Uint8Array(20_000) }
  }
  memo.first('SELECT', ['a'], large)
  memo.first('SELECT', ['a'], large)
  assert.equal(reads, 2)
  const counted = (): { readonly n: number } => {
    reads += 1
    return { n: reads }
  }
  memo.first('SELECT', [new Uint8Array(1)], counted)
  memo.first('SELECT', [new Uint8Array(1)], counted)
  assert.equal(reads, 4)
  memo.first('SELECT', ['first'], counted)
  for (let index = 0; index < 5000; index += 1) memo.first('SELECT', [index], counted)
  assert.deepEqual(memo.first('SELECT', ['first'], counted), { n: reads })
})
