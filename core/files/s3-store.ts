/** An object store that speaks S3. Its client is loaded when it is first needed. */
import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import type { S3Client } from '@aws-sdk/client-s3'
import type { S3Address } from '../config.ts'
import { type ByteRange, type FilePlace, isId, type Store, unavailable } from './store.ts'

const keyOf = ({ tenant, id }: FilePlace) => `${tenant}/${id}`

const SILENT = { debug() {}, info() {}, warn() {}, error() {} }

type Vendor = typeof import('@aws-sdk/client-s3')

export class S3Store implements Store {
  readonly #address: S3Address
  #opened: Promise<{ vendor: Vendor; client: S3Client }> | null = null

  constructor(address: S3Address) {
    this.#address = address
  }

  async #open(): Promise<{ vendor: Vendor; client: S3Client }> {
    const vendor = await import('@aws-sdk/client-s3')
    const { endpoint, region, key, secret } = this.#address
    const client = new vendor.S3Client({
      endpoint,
      region,
      credentials: { accessKeyId: key, secretAccessKey: secret },
      forcePathStyle: true,
      // Newer checksums are not known to every store; the content is hashed by ourselves.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      maxAttempts: 3,
      // Else it writes to the console.
      logger: SILENT,
    })
    return { vendor, client }
  }

  async #run<T>(work: (vendor: Vendor, client: S3Client, bucket: string) => Promise<T>): Promise<T> {
    this.#opened ??= this.#open()
    const { vendor, client } = await this.#opened
    // What the store says may hold its address.
    return work(vendor, client, this.#address.bucket).catch(() => {
      throw unavailable()
    })
  }

  async keep(place: FilePlace, path: string, bytes: number): Promise<void> {
    await this.#run(({ PutObjectCommand }, client, bucket) =>
      client.send(
        new PutObjectCommand({
          Bucket: bucket,
          Key: keyOf(place),
          Body: createReadStream(path),
          ContentLength: bytes,
          ContentType: 'application/octet-stream',
        }),
      ),
    )
  }

  async open(place: FilePlace, range?: ByteRange): Promise<Readable> {
    const part = range ? { Range: `bytes=${range.start}-${range.end}` } : {}
    const { Body } = await this.#run(({ GetObjectCommand }, client, bucket) =>
      client.send(new GetObjectCommand({ Bucket: bucket, Key: keyOf(place), ...part })),
    )
    if (!Body) throw unavailable()
    return Body as unknown as Readable
  }

  async remove(place: FilePlace): Promise<void> {
    await this.#run(({ DeleteObjectCommand }, client, bucket) =>
      client.send(new DeleteObjectCommand({ Bucket: bucket, Key: keyOf(place) })),
    )
  }

  async *list(): AsyncGenerator<FilePlace & { at: Date }> {
    let after: string | undefined
    do {
      const token = after === undefined ? {} : { ContinuationToken: after }
      const page = await this.#run(({ ListObjectsV2Command }, client, bucket) =>
        client.send(new ListObjectsV2Command({ Bucket: bucket, ...token })),
      )
      for (const { Key = '', LastModified } of page.Contents ?? []) {
        const [tenant = '', id = '', ...more] = Key.split('/')
        // What others keep in the same bucket is left alone.
        if (isId(tenant) && isId(id) && more.length === 0 && LastModified) yield { tenant, id, at: LastModified }
      }
      after = page.IsTruncated ? page.NextContinuationToken : undefined
    } while (after !== undefined)
  }
}
