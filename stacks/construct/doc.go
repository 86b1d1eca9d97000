// Package construct makes the constructs that stacks share: one file each, named
// after it. Props are plain values and CDK objects; no construct reads the whole
// configuration.
//
// Construct ids are a contract: they determine logical ids, and a changed logical
// id replaces a deployed resource.
package construct
