"""The messages of this partner's services, made from `wire/declarations` by `make reference`."""
