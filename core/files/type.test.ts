import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { cleanName, dispositionOf } from './name.ts'
import { findType } from './type.ts'

const folder = mkdtempSync(join(tmpdir(), 'weft-type-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)
const ELF = Buffer.concat([Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0]), Buffer.alloc(64)])
const EXE = Buffer.concat([Buffer.from('MZ'), Buffer.alloc(128)])
const UNKNOWN = 'application/octet-stream'

test.each<[name: string, content: string | Buffer, type: string, declared?: string]>([
  ['photo.png', PNG, 'image/png'],
  ['photo.txt', PNG, 'image/png'],
  ['photo.pdf', PNG, 'image/png', 'application/pdf'],
  ['paper.pdf', '%PDF-1.7\n%', 'application/pdf'],
  ['paper.png', '%PDF-1.7\n%', 'application/pdf'],
  ['list.csv', 'a,b\n1,2', 'text/csv'],
  ['list', 'a,b\n1,2', 'text/csv', 'text/csv'],
  ['notes.txt', 'é'.repeat(3_000), 'text/plain'],
  ['notes.png', 'just a text', 'text/plain', 'image/png'],
  ['page.txt', '  <!DOCTYPE html><script>alert(1)</script>', 'text/html'],
  ['page.html', 'no tags at all', 'text/html'],
  ['drawing.png', '<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>', 'image/svg+xml'],
  ['drawing.svg', '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', 'image/svg+xml'],
  ['run.txt', '#!/bin/sh\nrm -rf /', UNKNOWN],
  ['run.js', 'alert(1)', UNKNOWN, 'text/javascript'],
  ['run.bat', 'del *', UNKNOWN],
  ['photo.jpg', ELF, UNKNOWN, 'image/jpeg'],
  ['setup.pdf', EXE, UNKNOWN],
  ['empty.txt', '', UNKNOWN],
  ['raw.bin', Buffer.from([0, 1, 2, 3]), UNKNOWN],
])('%s is what its content says', async (name, content, type, declared) => {
  const path = join(folder, 'file')
  writeFileSync(path, content)
  expect(await findType(path, name, declared)).toBe(type)
})

test.each([
  ['contract.pdf', 'contract.pdf'],
  ['../../etc/passwd', 'passwd'],
  ['C:\\windows\\system32\\x.exe', 'x.exe'],
  ['..', 'file'],
  ['', 'file'],
  ['a\u0000b\r\nc.txt', 'abc.txt'],
  ['e\u0301te\u0301.txt', '\u00e9t\u00e9.txt'],
  ['gpj.\u202etxt', 'gpj.txt'],
  ['a<b>"c"|d?.txt', 'a_b__c__d_.txt'],
  ['\ud800x.txt', '\ufffdx.txt'],
  ['.htaccess', 'htaccess'],
  [`${'x'.repeat(300)}.pdf`, `${'x'.repeat(196)}.pdf`],
])('%j is called %j', (given, name) => {
  expect(cleanName(given)).toBe(name)
})

test('a name stands in a header without breaking out of it', () => {
  expect(dispositionOf('attachment', 'été "1"\\;.pdf')).toBe(
    `attachment; filename="_t_ _1__;.pdf"; filename*=UTF-8''%C3%A9t%C3%A9%20%221%22%5C%3B.pdf`,
  )
})
