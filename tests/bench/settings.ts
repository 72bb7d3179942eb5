/** What the processes of the bench share. */
export const SECRET = 'a secret of the bench, at least 32 characters long'
export const ADMIN = { email: 'admin@big.example', password: 'correct horse battery staple' }
