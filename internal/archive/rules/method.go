package rules

import "fmt"

// methodName returns the name of a compression method in APPNOTE.TXT, section
// 4.4.5.
func methodName(method uint16) string {
	switch method {
	case 1:
		return "Shrink"
	case 2, 3, 4, 5:
		return "Reduce"
	case 6:
		return "Implode"
	case 9:
		return "Deflate64"
	case 10:
		return "PKWARE Implode"
	case 12:
		return "BZIP2"
	case 14:
		return "LZMA"
	case 16:
		return "IBM CMPSC"
	case 18:
		return "IBM TERSE"
	case 19:
		return "IBM LZ77"
	case 20, 93:
		return "Zstandard"
	case 94:
		return "MP3"
	case 95:
		return "XZ"
	case 96:
		return "JPEG"
	case 97:
		return "WavPack"
	case 98:
		return "PPMd"
	case 99:
		return "AES encryption"
	default:
		return fmt.Sprintf("method %d", method)
	}
}
