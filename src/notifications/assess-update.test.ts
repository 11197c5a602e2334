import assert from 'node:assert/strict'
import { test } from 'node:test'
import { account, notifyingPlace } from '../../test/kit/notifications.ts'
import { isStorm } from './assess-update.ts'

const { signal } = new AbortController()

test('what cannot be a storm for an account is not looked for in what others have', async (t) => {
  const place = await notifyingPlace(t)
  const asked: string[] = []
  const { database } = place
  const watched: typeof database = {
    ...database,
    all: (sql, parameters) => {
      asked.push(sql)
      return database.all(sql, parameters)
    },
  }
  const deps = { ...place, database: watched }
  assert.equal(await isStorm(deps, { account, revision: 1, after: 0 }, { signal }), false)
  assert.deepEqual(asked, [])
})
